import { memoryLog } from "@hawser/log";
import type { Log } from "@hawser/log";
import { payloadOf } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { startNode, subscribe, valuesOf } from "../support/test-node.ts";

/** Long enough for a channel that nobody uses to be let go. */
const longMs = 20_000;

/** Holds the first answer to `method` back, until it is let go. */
function hold(log: Log, method: "follow" | "readBackward"): () => void {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const ask = log[method].bind(log) as (...asked: unknown[]) => Promise<unknown>;
  Object.assign(log, {
    [method]: async (...asked: unknown[]) => {
      await held;
      return ask(...asked);
    },
  });
  return release;
}

describe("a subscription whose log is slow", () => {
  it.each(["follow", "readBackward"] as const)(
    "is served when %s took longer than an idle channel is kept",
    async (method) => {
      const log = memoryLog();
      const { node, client, ports } = await startNode({ log, limits: { maxTailBytes: 1 } });
      await node.publish("chat", payloadOf("before"));
      const ann = await client().connect();
      const release = hold(log, method);
      await ann.ask(subscribe("chat", { last: 5 }));
      await ports.advance(longMs);
      release();
      const frames = await ann.frames();
      await node.publish("chat", payloadOf("after"));
      frames.push(...(await ann.frames()));
      expect(frames.map((frame) => frame.type)).toContain("subscribed");
      expect(valuesOf(frames)).toEqual(["before", "after"]);
    },
  );
});
