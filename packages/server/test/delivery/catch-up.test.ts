import { memoryLog } from "@hawser/log";
import type { Log } from "@hawser/log";
import { payloadOf } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import type { TestClient } from "../support/test-node.ts";
import { startNode, subscribe, valuesOf } from "../support/test-node.ts";

/** Each is a page of the log by itself. */
const bytes = 60_000;
const values = Array.from({ length: 8 }, (_, index) => String(index).repeat(bytes));

/** A node that holds next to no tail, and the cursors at which its log was read. */
async function behindTail() {
  const log = memoryLog();
  const reads: number[] = [];
  const read = log.read.bind(log);
  const watched: Pick<Log, "read"> = {
    read: (channel, after, options) => {
      reads.push(after);
      return read(channel, after, options);
    },
  };
  Object.assign(log, watched);
  const { node, client, ports } = await startNode({ log, limits: { maxTailBytes: 1 } });
  for (const value of values) await node.publish("chat", payloadOf(value));
  /** Connects, and subscribes from a position. */
  const resume = async (offset: number, credit = 0): Promise<TestClient> => {
    const connected = await client().connect();
    const { epoch } = await log.head("chat");
    connected.send(subscribe("chat", { position: { epoch, offset }, credit }));
    return connected;
  };
  return { node, ports, reads, resume };
}

describe("cursors behind the tail", () => {
  it("share one read of the log for each page when they come together", async () => {
    const { reads, resume } = await behindTail();
    const clients = await Promise.all([resume(0), resume(0), resume(0)]);
    for (const client of clients) expect(valuesOf(await client.frames())).toEqual(values);
    expect(new Set(reads).size).toBe(reads.length);
  });

  it("share it too when one comes after the other", async () => {
    const { reads, resume } = await behindTail();
    expect(valuesOf(await (await resume(2)).frames())).toEqual(values.slice(2));
    const before = reads.length;
    expect(before).toBeGreaterThan(0);
    expect(valuesOf(await (await resume(2)).frames())).toEqual(values.slice(2));
    expect(valuesOf(await (await resume(4)).frames())).toEqual(values.slice(4));
    expect(reads.length).toBe(before);
  });

  it("read the log again once the pages were let go of", async () => {
    const { reads, resume, ports } = await behindTail();
    await (await resume(2)).frames();
    const before = reads.length;
    await ports.advance(5_000);
    await (await resume(2)).frames();
    expect(reads.length).toBe(2 * before);
  });

  it("read nothing from the log for who has no credit left", async () => {
    const { reads, resume } = await behindTail();
    const client = await resume(0, 1);
    expect(valuesOf(await client.frames())).toEqual(values.slice(0, 1));
    expect(reads).toEqual([0]);
    const more = 2 * (bytes + 34);
    expect(valuesOf(await client.ask({ type: "credit", number: 1, generation: 1, credit: more }))).toEqual(
      values.slice(1, 2),
    );
    expect(reads).toEqual([0, 1]);
  });
});
