import { memoryLog } from "@hawser/log";
import type { ReadOptions } from "@hawser/log";
import { payloadOf } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { startNode, subscribe, valuesOf } from "../support/test-node.ts";

/** Two of them are one step. */
const bytes = 40_000;
const values = Array.from({ length: 9 }, (_, index) => String(index).repeat(bytes));

/** A node that holds next to no tail, and what was asked of its log; `onRead` is called before each answer. */
async function behindTail(onRead: () => void = () => {}) {
  const log = memoryLog();
  const asked: ReadOptions[] = [];
  const readBackward = log.readBackward.bind(log);
  Object.assign(log, {
    readBackward: (channel: string, through: number, options: ReadOptions) => {
      asked.push(options);
      onRead();
      return readBackward(channel, through, options);
    },
  });
  const { node, client } = await startNode({ log, limits: { maxTailBytes: 1 } });
  for (const value of values) await node.publish("chat", payloadOf(value));
  return { asked, ann: await client().connect() };
}

describe("a subscription to the newest messages", () => {
  it.each([2, 5, 9, 1_000_000, 0xffff_ffff])(
    "finds the %i newest in steps, and never has all of them in memory [POS-2]",
    async (last) => {
      const { asked, ann } = await behindTail();
      expect(valuesOf(await ann.ask(subscribe("chat", { last })))).toEqual(values.slice(-last));
      for (const { maxBytes, maxCount } of asked) {
        expect(maxBytes).toBeLessThanOrEqual(65_536);
        expect(maxCount).toBeLessThanOrEqual(1_024);
      }
      expect(asked.length).toBe(Math.ceil(Math.min(last, values.length) / 2));
    },
  );

  it("reads no further when the client has left", async () => {
    const { asked, ann } = await behindTail(() => ann.transport.handlers?.onClose(1006, ""));
    await ann.ask(subscribe("chat", { last: 9 }));
    expect(asked.length).toBe(1);
  });
});
