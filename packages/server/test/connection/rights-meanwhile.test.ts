import { payloadOf } from "@hawser/protocol";
import type { ClientFrame } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import type { Authorize, AuthorizeRequest, Identity } from "../../src/core.ts";
import { publish, startNode, subscribe, valuesOf } from "../support/test-node.ts";

const call = (id: number, method: string): ClientFrame => ({
  type: "call",
  id,
  method,
  payload: payloadOf(1),
  timeoutMs: 0,
  idempotent: false,
});
const fresh = (id: number, token: string): ClientFrame => ({ type: "authenticate", id, token });

/** An `authorize` hook whose questions wait until the test answers them. */
function asked(): { authorize: Authorize; questions: (AuthorizeRequest & { answer: (may: boolean) => void })[] } {
  const questions: (AuthorizeRequest & { answer: (may: boolean) => void })[] = [];
  return {
    questions,
    authorize: (request) =>
      new Promise<boolean>((resolve) => void questions.push(Object.assign({ answer: resolve }, request))),
  };
}

/** Ann, and the same with no rights at all. */
const authenticate = ({ token }: { token: string }): Identity =>
  token === "less" ? { user: "ann", capabilities: [] } : { user: token };

describe("a right that was asked for an identity that is no more", () => {
  it("lets no publish through", async () => {
    const { authorize, questions } = asked();
    const { client, log } = await startNode({ authenticate, authorize });
    const ann = await client().connect();
    expect(await ann.ask(publish(1, "chat", "x"), fresh(2, "less"))).toMatchObject([{ type: "authenticated", id: 2 }]);
    questions[0]!.answer(true);
    expect(await ann.frames()).toMatchObject([{ type: "rejected", id: 1, code: "forbidden" }]);
    expect((await log.head("chat")).end).toBe(0);
  });

  it("is asked for anew, with the publishes behind it still in their order [PUB-6]", async () => {
    const { authorize, questions } = asked();
    const { client, node } = await startNode({ authorize });
    const ann = await client().connect();
    ann.send(publish(1, "chat", "a"));
    await node.refresh("ann");
    ann.send(publish(2, "chat", "b"));
    questions[1]!.answer(true);
    await ann.frames();
    questions[0]!.answer(true);
    expect(await ann.frames()).toMatchObject([
      { type: "published", id: 1, position: { offset: 1 } },
      { type: "published", id: 2, position: { offset: 2 } },
    ]);
    expect(questions).toHaveLength(2);
  });

  it("runs no call", async () => {
    const { authorize, questions } = asked();
    const ran: unknown[] = [];
    const calls = { work: (_request: unknown, { identity }: { identity: Identity }) => void ran.push(identity) };
    const { client } = await startNode({ authenticate, authorize, calls });
    const ann = await client().connect();
    expect(await ann.ask(call(1, "work"), fresh(2, "less"))).toMatchObject([{ type: "authenticated", id: 2 }]);
    questions[0]!.answer(true);
    expect(await ann.frames()).toMatchObject([{ type: "error", id: 1, code: "forbidden" }]);
    expect(ran).toEqual([]);
  });

  it("ends no subscription that the new identity may have", async () => {
    const { authorize, questions } = asked();
    const { client, node } = await startNode({ authorize });
    const ann = await client().connect();
    ann.send(subscribe("chat"));
    for (const question of questions) question.answer(true);
    expect(await ann.frames()).toMatchObject([{ type: "subscribed" }]);
    const before = questions.length;
    const first = node.refresh("ann");
    const second = node.refresh("ann");
    const [old, ...newer] = questions.slice(before).filter(({ verb }) => verb === "subscribe");
    old!.answer(false);
    for (const question of questions.slice(before)) if (question !== old) question.answer(true);
    expect(newer).toHaveLength(1);
    await Promise.all([first, second]);
    await node.publish("chat", payloadOf("still"));
    expect(valuesOf(await ann.frames())).toEqual(["still"]);
  });
});

describe("an authorize hook", () => {
  it("may answer with a promise of another kind, and is waited for", async () => {
    const { client } = await startNode({ authorize: () => new OtherPromise() as unknown as Promise<boolean> });
    const ann = await client().connect();
    expect(await ann.ask(publish(1, "chat", "x"))).toMatchObject([{ type: "rejected", code: "forbidden" }]);
    expect(await ann.ask(subscribe("chat", { id: 2 }))).toMatchObject([{ type: "error", code: "forbidden" }]);
  });
});

/** As another library, or realm, makes them: no `Promise` of ours. */
class OtherPromise {
  // oxlint-disable-next-line unicorn/no-thenable -- that it is one is the point
  then(settle: (may: boolean) => void): void {
    queueMicrotask(() => settle(false));
  }
}
