import { memoryLog } from "@hawser/log";
import type { FollowHandlers } from "@hawser/log";
import { payloadOf } from "@hawser/protocol";
import type { ServerFrame } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import type { Identity } from "../../src/core.ts";
import { startNode, subscribe, valuesOf } from "../support/test-node.ts";

const liveOnly: Identity = { user: "ann", capabilities: [{ pattern: "**", verbs: ["subscribe"] }] };
const authenticate = ({ token }: { token: string }): Identity => (token === "live" ? liveOnly : { user: token });
const seek = (number: number, offset: number) => ({ type: "seek", number, generation: 1, offset }) as const;

function numberOf(frames: readonly ServerFrame[]): number {
  const [subscribed] = frames;
  if (subscribed?.type !== "subscribed") throw new Error("not subscribed");
  return subscribed.number;
}

describe("a right to history that goes", () => {
  it("takes with it what was published before the grant, and leaves what came since [SUB-8]", async () => {
    const { node, client } = await startNode({ authenticate });
    for (const value of [1, 2, 3]) await node.publish("chat", payloadOf(value));
    const ann = await client().connect();
    const number = numberOf(await ann.ask(subscribe("chat", { last: 2 })));
    await node.publish("chat", payloadOf(4));
    await ann.frames();
    expect(await ann.ask({ type: "authenticate", id: 2, token: "live" })).toMatchObject([{ type: "authenticated" }]);
    const back = await ann.ask(seek(number, 1));
    expect(back[0]).toMatchObject({ type: "reset", reset: "trimmed", lost: { from: 1, to: 3 }, offset: 3 });
    expect(valuesOf(back)).toEqual([4]);
  });

  it("ends a subscription that was still to be sent history [SUB-12]", async () => {
    const { node, client } = await startNode({ authenticate });
    for (const value of [1, 2, 3]) await node.publish("chat", payloadOf(value));
    const ann = await client().connect();
    const first = await ann.ask(subscribe("chat", { last: 3, credit: 1 }));
    expect(valuesOf(first)).toEqual([1]);
    expect(await ann.ask({ type: "authenticate", id: 2, token: "live" })).toMatchObject([
      { type: "unsubscribed", offset: 1, code: "forbidden" },
      { type: "authenticated" },
    ]);
    expect(await ann.ask({ type: "credit", number: numberOf(first), generation: 1, credit: 1_000 })).toEqual([]);
  });
});

describe("a user without the right to history, in a new epoch", () => {
  async function following() {
    const log = memoryLog();
    let handlers: FollowHandlers | undefined;
    const follow = log.follow.bind(log);
    log.follow = (channel, given) => {
      handlers = given;
      return follow(channel, given);
    };
    const { node, client } = await startNode({ log, authenticate });
    const { epoch } = await node.publish("chat", payloadOf("before"));
    for (const value of ["a", "b", "c"]) await node.publish("chat", payloadOf(value));
    const ann = await client().connect("live");
    const number = numberOf(await ann.ask(subscribe("chat")));
    return { ann, number, epoch, handlers: handlers! };
  }

  it("is sent nothing that a log which nobody knows held before", async () => {
    const { ann, number, epoch, handlers } = await following();
    const lineage = [{ epoch: epoch + 9, start: 0 }];
    handlers.onEpoch({ epoch: epoch + 9, floor: 0, end: 3, lineage });
    const lost = { from: 0, to: 3 };
    expect(await ann.frames()).toMatchObject([{ type: "reset", reset: "unknown", offset: 3, lost }]);
    expect(await ann.ask(seek(number, 0))).toMatchObject([{ type: "reset", reset: "trimmed", offset: 3, lost }]);
  });

  it("may read again what follows where the log went back to [SUB-8]", async () => {
    const { ann, number, epoch, handlers } = await following();
    const lineage = [
      { epoch, start: 0 },
      { epoch: epoch + 1, start: 2 },
    ];
    handlers.onEpoch({ epoch: epoch + 1, floor: 0, end: 2, lineage });
    expect(await ann.frames()).toMatchObject([{ type: "reset", reset: "truncated", offset: 2 }]);
    expect(await ann.ask(seek(number, 2))).toEqual([]);
    expect(await ann.ask(seek(number, 1))).toMatchObject([{ type: "reset", reset: "trimmed", offset: 2 }]);
  });
});
