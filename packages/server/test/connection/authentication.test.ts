import { closeCodes, HawserError, payloadOf } from "@hawser/protocol";
import type { ClientFrame } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import type { Authenticate, Identity } from "../../src/core.ts";
import { publish, startNode, subscribe, valuesOf } from "../support/test-node.ts";

const limits = { authenticateTimeoutMs: 5_000, connectTimeoutMs: 60_000, heartbeatMs: 1_000_000 };
const connect = (token = "ann"): ClientFrame => ({ type: "connect", token, session: "", agent: "test" });
const authenticate = (id: number, token = "ann"): ClientFrame => ({ type: "authenticate", id, token });

/** A hook whose answers the test gives, by token; a token without an answer hangs. */
function hook(answers: Readonly<Record<string, Identity | Error>>): Authenticate {
  return ({ token }) => {
    const answer = answers[token];
    if (answer instanceof Error) throw answer;
    return answer ?? new Promise<never>(() => {});
  };
}

describe("an authenticate hook that hangs", () => {
  it("ends a connect after its time with an error that may be tried again", async () => {
    const { client, ports, node } = await startNode({ authenticate: hook({}), limits });
    const ann = client();
    await ann.ask(connect());
    await ports.advance(4_999);
    expect(ann.transport.closed).toBeUndefined();
    await ports.advance(1);
    expect(await ann.frames()).toMatchObject([{ type: "error", id: 0, code: "internal", retry: true }]);
    expect(ann.transport.closed?.code).toBe(closeCodes.internal);
    expect(node.connections).toBe(0);
  });

  it("refuses a fresh token after its time, and leaves the connection with what it had until that expires [CON-8]", async () => {
    const expiresAt = Date.UTC(2026, 0, 1) + 20_000;
    const { client, ports, node } = await startNode({
      authenticate: hook({ ann: { user: "ann", expiresAt } }),
      limits,
    });
    const ann = await client().connect();
    await ann.ask(subscribe("chat"));
    await ann.ask(authenticate(2, "hangs"));
    await ports.advance(4_999);
    expect(await ann.frames()).toEqual([]);
    await ports.advance(1);
    expect(await ann.frames()).toMatchObject([{ type: "error", id: 2, code: "internal", retry: true }]);
    await node.publish("chat", payloadOf("still"));
    expect(valuesOf(await ann.frames())).toEqual(["still"]);
    await ports.advance(16_000);
    expect(ann.transport.closed?.code).toBe(closeCodes.tokenExpired);
  });

  it("leaves no timer behind when the connection goes", async () => {
    const { client, ports } = await startNode({ authenticate: hook({}), limits });
    const before = ports.pending;
    const ann = client();
    await ann.ask(connect());
    expect(ports.pending).toBe(before + 1);
    ann.transport.handlers?.onClose(1006, "");
    expect(ports.pending).toBe(before);
    await ports.settle();
    expect(ann.transport.messages).toEqual([]);
  });
});

describe("a fresh token", () => {
  it("that the hook cannot judge leaves the connection as it was [CON-8]", async () => {
    const answers = { ann: { user: "ann" }, broken: new Error("database"), busy: retryLater() };
    const { client } = await startNode({ authenticate: hook(answers), limits });
    const ann = await client().connect();
    for (const [id, token, code] of [
      [1, "broken", "internal"],
      [2, "busy", "overloaded"],
    ] as const)
      expect(await ann.ask(authenticate(id, token))).toMatchObject([{ type: "error", id, code, retry: true }]);
    expect(await ann.ask(publish(3, "chat", 1))).toMatchObject([{ type: "published" }]);
  });

  it("counts in the order of the frames, although an older one is answered later [WIRE-8]", async () => {
    const can = (pattern: string): Identity => ({ user: "ann", capabilities: [{ pattern, verbs: ["publish"] }] });
    let answerFirst = (_identity: Identity): void => {};
    const { client } = await startNode({
      limits,
      authenticate: ({ token }) => {
        if (token === "first") return new Promise<Identity>((resolve) => (answerFirst = resolve));
        return token === "second" ? can("second") : { user: "ann" };
      },
    });
    const ann = await client().connect();
    expect(await ann.ask(authenticate(1, "first"), authenticate(2, "second"))).toEqual([]);
    answerFirst(can("first"));
    expect(await ann.frames()).toMatchObject([{ id: 1 }, { id: 2 }]);
    expect(await ann.ask(publish(3, "first", 1), publish(4, "second", 1))).toMatchObject([
      { type: "rejected", id: 3, code: "forbidden" },
      { type: "published", id: 4 },
    ]);
  });
});

describe("while a token is judged", () => {
  it("nothing more is read, and everything is afterwards [CON-4]", async () => {
    let answer = (_identity: Identity): void => {};
    const { client } = await startNode({
      limits,
      authenticate: () => new Promise<Identity>((resolve) => (answer = resolve)),
    });
    const ann = client();
    await ann.ask(connect(), publish(1, "chat", "behind"));
    expect(ann.transport.paused).toBe(true);
    answer({ user: "ann" });
    expect(await ann.frames()).toMatchObject([{ type: "connected" }, { type: "published", id: 1 }]);
    expect(ann.transport.paused).toBe(false);
  });
});

describe("an identity that is none", () => {
  const malformed: Identity = { user: "ann", capabilities: [{ pattern: "a..b", verbs: ["publish"] }] };

  it("ends the connect as a fault of the server's", async () => {
    const { client } = await startNode({ authenticate: hook({ ann: malformed }), limits });
    const ann = client();
    expect(await ann.ask(connect())).toMatchObject([{ type: "error", id: 0, code: "internal" }]);
    expect(ann.transport.closed?.code).toBe(closeCodes.internal);
  });

  it("ends the connection that it was to renew", async () => {
    const { client } = await startNode({ authenticate: hook({ ann: { user: "ann" }, malformed }), limits });
    const ann = await client().connect();
    expect(await ann.ask(authenticate(1, "malformed"))).toMatchObject([{ type: "error", id: 0, code: "internal" }]);
    expect(ann.transport.closed?.code).toBe(closeCodes.internal);
  });

  it("may expire later than a number on the wire can say", async () => {
    const { client } = await startNode({ authenticate: hook({ ann: { user: "ann", expiresAt: 1e300 } }), limits });
    const [connected] = await client().ask(connect());
    expect(connected).toMatchObject({ type: "connected", expiresInMs: Number.MAX_SAFE_INTEGER });
  });
});

function retryLater(): HawserError {
  return new HawserError("overloaded", "Too many ask at once.", { retry: true });
}
