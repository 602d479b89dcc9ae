import { memoryLog } from "@hawser/log";
import type { Append, AppendOutcome, Log } from "@hawser/log";
import { defineContract, payloadOf, protobufCodec } from "@hawser/protocol";
import type { ClientFrame, StandardSchemaV1 } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { publish, startNode, subscribe, valuesOf } from "../support/test-node.ts";

const producer = new Uint8Array(16).fill(9);

const numbered = (id: number, sequence: number, previous: number, value: unknown = sequence): ClientFrame =>
  ({ ...publish(id, "chat", value), producer, sequence, previous }) as ClientFrame;

/** A log whose answers the test holds back. */
function heldLog(): { log: Log; release: () => void; waiting: () => number } {
  const log = memoryLog();
  const append = log.append.bind(log);
  let held: (() => void)[] = [];
  log.append = async (appends: readonly Append[]): Promise<readonly AppendOutcome[]> => {
    const outcomes = await append(appends);
    await new Promise<void>((resolve) => held.push(resolve));
    return outcomes;
  };
  const release = (): void => {
    const waiting = held;
    held = [];
    for (const resolve of waiting) resolve();
  };
  return { log, release, waiting: () => held.length };
}

describe("a publish", () => {
  it("is appended when its previous is the last accepted one [PUB-1]", async () => {
    const { client } = await startNode();
    const ann = await client().connect();
    expect(await ann.ask(numbered(1, 1, 0), numbered(2, 2, 1))).toMatchObject([
      { type: "published", id: 1, position: { offset: 1 }, duplicate: false },
      { type: "published", id: 2, position: { offset: 2 }, duplicate: false },
    ]);
  });

  it("is a duplicate at or below the last accepted one, with its position while it is known [PUB-2]", async () => {
    const { client } = await startNode();
    const ann = await client().connect();
    await ann.ask(numbered(1, 1, 0), numbered(2, 2, 1));
    expect(await ann.ask(numbered(3, 2, 1))).toMatchObject([
      { type: "published", duplicate: true, position: { offset: 2 } },
    ]);
    expect(await ann.ask(numbered(4, 1, 0))).toMatchObject([{ type: "published", duplicate: true }]);
  });

  it("is rejected behind a gap, with the last accepted one [PUB-3]", async () => {
    const { client } = await startNode();
    const ann = await client().connect();
    await ann.ask(numbered(1, 1, 0));
    expect(await ann.ask(numbered(2, 4, 3))).toMatchObject([
      { type: "rejected", code: "out-of-order", retry: true, last: 1 },
    ]);
  });

  it("of a producer that the log does not know is refused with a previous [PUB-4]", async () => {
    const { client } = await startNode();
    const ann = await client().connect();
    expect(await ann.ask(numbered(1, 7, 6))).toMatchObject([
      { type: "rejected", code: "producer-unknown", retry: false },
    ]);
  });

  it("is answered after the log has answered [PUB-5]", async () => {
    const held = heldLog();
    const { client } = await startNode({ log: held.log });
    const ann = await client().connect();
    expect(await ann.ask(numbered(1, 1, 0))).toEqual([]);
    expect(held.waiting()).toBe(1);
    held.release();
    expect(await ann.frames()).toMatchObject([{ type: "published", id: 1 }]);
  });

  it("keeps its place though the judgement of an earlier one is awaited [PUB-6]", async () => {
    let judged = 0;
    const gates: (() => void)[] = [];
    const message: StandardSchemaV1 = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value) => {
          judged += 1;
          if (judged > 2) return { value };
          return new Promise((resolve) => gates.push(() => resolve({ value })));
        },
      },
    };
    const { client, node } = await startNode({ contract: defineContract({ channels: { chat: { message } } }) });
    const ann = await client().connect();
    const reader = await client().connect("reader");
    await reader.ask(subscribe("chat"));
    await ann.ask(publish(1, "chat", "a"), publish(2, "chat", "b"), publish(3, "chat", "c"), publish(4, "other", "d"));
    gates[1]?.();
    expect(valuesOf(await reader.frames())).toEqual([]);
    gates[0]?.();
    expect(valuesOf(await reader.frames())).toEqual(["a", "b", "c"]);
    await node.close();
  });

  it("without a producer is appended each time it comes [PUB-7]", async () => {
    const { client } = await startNode();
    const ann = await client().connect();
    expect(await ann.ask(publish(1, "chat", "a"), publish(2, "chat", "a"))).toMatchObject([
      { position: { offset: 1 }, duplicate: false },
      { position: { offset: 2 }, duplicate: false },
    ]);
  });

  it("is answered together with those behind it, as long as ids and offsets follow each other [PUB-15]", async () => {
    const { client } = await startNode();
    const ann = await client().connect();
    const answersTo = async (...frames: ClientFrame[]): Promise<unknown[]> => {
      const before = ann.transport.messages.length;
      await ann.ask(...frames);
      const answers = ann.transport.messages.slice(before).flatMap((message) => protobufCodec.decodeServer(message));
      return answers.map((frame) =>
        frame.type === "published"
          ? [frame.id, frame.position?.offset, frame.following, frame.duplicate]
          : [frame.type, "id" in frame && frame.id],
      );
    };
    expect(await answersTo(numbered(1, 1, 0), numbered(2, 2, 1), numbered(3, 3, 2))).toEqual([[1, 1, 2, false]]);
    // Sent again, of other ids, in another channel, or with a refusal between: each by itself.
    expect(await answersTo(numbered(4, 3, 2), numbered(5, 4, 3), numbered(7, 5, 4), publish(8, "other", 1))).toEqual([
      [4, 3, 0, true],
      [5, 4, 0, false],
      [7, 5, 0, false],
      [8, 1, 0, false],
    ]);
    expect(await answersTo(numbered(9, 6, 5), numbered(10, 9, 8), numbered(11, 7, 6))).toEqual([
      [9, 6, 0, false],
      ["rejected", 10],
      [11, 7, 0, false],
    ]);
  });

  it("whose outcome is open may be sent again, and the log decides [PUB-9]", async () => {
    const log = memoryLog();
    const append = log.append.bind(log);
    let fail = true;
    log.append = async (appends) => {
      const outcomes = await append(appends);
      return fail ? appends.map(() => ({ kind: "failed", code: "log-unavailable", message: "No answer." })) : outcomes;
    };
    const { client } = await startNode({ log });
    const ann = await client().connect();
    expect(await ann.ask(numbered(1, 1, 0))).toMatchObject([
      { type: "rejected", code: "log-unavailable", retry: true },
    ]);
    fail = false;
    expect(await ann.ask(numbered(2, 1, 0))).toMatchObject([{ type: "published", duplicate: true }]);
    expect(await ann.ask(numbered(3, 2, 1))).toMatchObject([
      { type: "published", duplicate: false, position: { offset: 2 } },
    ]);
  });

  it("of the largest payload is taken, and of one byte more refused", async () => {
    const { client } = await startNode({ policy: { maxPayloadBytes: 10 } });
    const ann = await client().connect();
    expect(await ann.ask(publish(1, "chat", new Uint8Array(10)))).toMatchObject([{ type: "published" }]);
    expect(await ann.ask(publish(2, "chat", new Uint8Array(11)))).toMatchObject([
      { type: "rejected", code: "message-too-large" },
    ]);
  });

  it("with the longest key is taken, and with one byte more refused", async () => {
    const { client } = await startNode();
    const ann = await client().connect();
    const keyed = (id: number, key: string): ClientFrame => ({ ...publish(id, "chat", 1), key }) as ClientFrame;
    expect(await ann.ask(keyed(1, `${"ä".repeat(127)}a`))).toMatchObject([{ type: "published" }]);
    expect(await ann.ask(keyed(2, "ä".repeat(128)))).toMatchObject([{ type: "rejected", code: "payload-invalid" }]);
  });

  it("above the rate of its policy is refused, with the time to wait", async () => {
    const { client, ports } = await startNode({ policy: { publishesPerSecond: 2 } });
    const ann = await client().connect();
    const frames = await ann.ask(publish(1, "chat", 1), publish(2, "chat", 2), publish(3, "chat", 3));
    expect(frames).toMatchObject([
      { type: "rejected", id: 3, code: "rate-limited", retry: true, retryAfterMs: 500 },
      { id: 1 },
      { id: 2 },
    ]);
    await ports.advance(500);
    expect(await ann.ask(publish(4, "chat", 4))).toMatchObject([{ type: "published" }]);
  });

  it("that the contract refuses is not appended, and the server goes on", async () => {
    const message: StandardSchemaV1 = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value) => (typeof value === "string" ? { value } : { issues: [{ message: "expected a string" }] }),
      },
    };
    const { client } = await startNode({ contract: defineContract({ channels: { chat: { message } } }) });
    const ann = await client().connect();
    expect(await ann.ask(publish(1, "chat", 5), publish(2, "chat", "five"))).toMatchObject([
      { type: "rejected", id: 1, code: "payload-invalid" },
      { type: "published", id: 2, position: { offset: 1 } },
    ]);
  });

  it("is refused where clients may not publish, and where the name is none", async () => {
    const { client } = await startNode({ policy: { clientsPublish: false } });
    const ann = await client().connect();
    expect(await ann.ask(publish(1, "chat", 1), publish(2, "a..b", 1))).toMatchObject([
      { type: "rejected", code: "forbidden" },
      { type: "rejected", code: "channel-invalid" },
    ]);
  });

  it("tells receivers who published", async () => {
    const { client } = await startNode();
    const [ann, bob] = [await client().connect("ann"), await client().connect("bob")];
    await bob.ask(subscribe("chat"));
    await ann.ask(publish(1, "chat", "hi"));
    expect(await bob.frames()).toMatchObject([{ type: "batch", messages: [{ publisher: "ann" }] }]);
  });

  it("is not held by the memory of the message it came in", async () => {
    const log = memoryLog();
    const { client } = await startNode({ log });
    const ann = await client().connect();
    await ann.ask(publish(1, "chat", "small"), publish(2, "chat", "x".repeat(50_000)));
    const page = await log.read("chat", 0, { maxCount: 1, maxBytes: 1 });
    expect(page.entries[0]?.payload?.data.buffer.byteLength).toBeLessThan(100);
    expect(page.entries[0]?.payload).toEqual(payloadOf("small"));
  });
});
