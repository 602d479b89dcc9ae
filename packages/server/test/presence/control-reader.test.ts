import type { Entry, FollowHandlers, Head, Log, Page } from "@hawser/log";
import { payloadOf, valueOf } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { ControlReader } from "../../src/presence/control-reader.ts";
import { SimulatedPorts } from "../support/simulated-ports.ts";

const headOf = (floor: number, end: number, epoch = 1): Head => ({ epoch, floor, end, lineage: [{ epoch, start: 0 }] });
const entryOf = (offset: number): Entry => ({
  offset,
  time: 0,
  payload: payloadOf(offset),
  key: "",
  publisher: "",
});

/** A log of one channel whose every step the test takes. */
function scene(head: Head): {
  reader: ControlReader;
  told: unknown[];
  ports: SimulatedPorts;
  handlers: () => FollowHandlers;
  /** Answers the oldest read that waits, with the entries of an interval. */
  page: (from: number, to: number, more: boolean) => void;
  fail: () => void;
  reads: () => number;
} {
  const ports = new SimulatedPorts();
  const told: unknown[] = [];
  const waiting: { resolve: (page: Page) => void; reject: (error: Error) => void }[] = [];
  let handlers: FollowHandlers | undefined;
  let reads = 0;
  const log = {
    follow: async (_: string, given: FollowHandlers) => {
      handlers = given;
      return { head, close: () => told.push("closed") };
    },
    read: () => {
      reads += 1;
      return new Promise<Page>((resolve, reject) => waiting.push({ resolve, reject }));
    },
  } as unknown as Log;
  const reader = new ControlReader({
    log,
    timers: ports,
    channel: "$presence",
    onEntry: (payload) => told.push(payload && valueOf(payload)),
    onRestart: () => told.push("restart"),
  });
  return {
    reader,
    told,
    ports,
    handlers: () => handlers!,
    page: (from, to, more) => {
      const entries = Array.from({ length: to - from }, (_, index) => entryOf(from + index + 1));
      waiting.shift()!.resolve({ epoch: 1, floor: 0, interval: { from, to }, entries, more });
    },
    fail: () => waiting.shift()!.reject(new Error("not now")),
    reads: () => reads,
  };
}

describe("ControlReader", () => {
  it("tells what the log held, page by page, and then what came meanwhile", async () => {
    const { reader, told, ports, handlers, page } = scene(headOf(2, 6));
    const opening = reader.open();
    await ports.settle();
    handlers().onEntries([entryOf(7)], { from: 6, to: 7 });
    page(2, 4, true);
    await ports.settle();
    expect(told).toEqual([3, 4]);
    // A page may go further than the head that the follower began at: what is beyond it, the follower brings.
    page(4, 7, false);
    await opening;
    expect(told).toEqual([3, 4, 5, 6, 7]);
    handlers().onEntries([entryOf(8)], { from: 7, to: 8 });
    expect(told.at(-1)).toBe(8);
    reader.close();
    handlers().onEntries([entryOf(9)], { from: 8, to: 9 });
    expect(told.slice(-2)).toEqual([8, "closed"]);
  });

  it("reads nothing of a channel that is empty", async () => {
    const { reader, told, reads } = scene(headOf(0, 0));
    await reader.open();
    expect([told, reads()]).toEqual([[], 0]);
  });

  it("rejects when the log cannot be read", async () => {
    const { reader, ports, fail } = scene(headOf(0, 3));
    const opening = reader.open().then(
      () => "opened",
      () => "failed",
    );
    await ports.settle();
    fail();
    expect(await opening).toBe("failed");
  });

  it("tells all again when the log starts over, and asks until it is read", async () => {
    const { reader, told, ports, handlers, page, fail } = scene(headOf(0, 1));
    const opening = reader.open();
    await ports.settle();
    page(0, 1, false);
    await opening;
    handlers().onEpoch(headOf(0, 2, 2));
    handlers().onEntries([entryOf(3)], { from: 2, to: 3 });
    await ports.settle();
    fail();
    await ports.advance(1_000);
    page(0, 2, false);
    await ports.settle();
    expect(told).toEqual([1, "restart", 1, 2, 3]);
  });

  it("drops what it was reading when the log starts over meanwhile", async () => {
    const { reader, told, ports, handlers, page } = scene(headOf(0, 5));
    void reader.open();
    await ports.settle();
    handlers().onEpoch(headOf(0, 1, 2));
    await ports.settle();
    page(0, 5, false);
    page(0, 1, false);
    await ports.settle();
    handlers().onEntries([entryOf(2)], { from: 1, to: 2 });
    expect(told).toEqual(["restart", 1, 2]);
  });
});
