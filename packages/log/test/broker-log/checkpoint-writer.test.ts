import { describe, expect, it } from "vitest";
import { CheckpointWriter } from "../../src/broker-log/checkpoint-writer.ts";
import type { CheckpointRecord } from "../../src/prefix/log-record.ts";
import { sliceCount } from "../../src/prefix/slices.ts";
import { SimulatedWorld } from "../support/simulated-world.ts";

/** Nodes over one log, which each see at once what the others write: checkpoints of `slices` slices each. */
function setup(nodes: number, slices = sliceCount, bytes = 0) {
  const world = new SimulatedWorld();
  const { timers, random } = world;
  const written: { node: number; from: number }[] = [];
  let offset = 10;
  const writers: CheckpointWriter[] = Array.from(
    { length: nodes },
    (_, node) =>
      new CheckpointWriter({
        timers,
        random,
        checkpointEvery: 100,
        checkpointJitterMs: 50,
        retryMs: 200,
        write: (from) => {
          written.push({ node, from });
          const id = `${written.length}`;
          const to = Math.min(sliceCount, from + slices);
          const snapshot = { from, to, channels: [] } as unknown as CheckpointRecord["snapshot"];
          timers.soon(() => {
            const through = (offset += 1);
            for (const writer of writers) {
              writer.passed({ kind: "checkpoint", id, through, throughId: "", snapshot }, bytes);
            }
          });
          return id;
        },
      }),
  );
  const append = (count: number): void => {
    for (const writer of writers) for (let index = 0; index < count; index += 1) writer.appended(10);
  };
  const atEnd = async (start: number): Promise<void> => {
    for (let turn = 0; turn < 100; turn += 1) {
      for (const writer of writers) writer.atEnd(start);
      await world.advance(1);
    }
  };
  return { world, writers, written, append, atEnd };
}

describe("checkpoints", () => {
  it("are written by one of the nodes, after checkpointEvery appends", async () => {
    const { written, append, atEnd } = setup(5);
    append(99);
    await atEnd(1);
    expect(written).toEqual([]);
    append(1);
    await atEnd(1);
    expect(written).toHaveLength(1);
  });

  it("are not written before eight times the bytes of the last one were appended", async () => {
    const { written, append, atEnd } = setup(1, sliceCount, 500);
    append(100);
    await atEnd(1);
    append(399);
    await atEnd(1);
    expect(written).toHaveLength(1);
    append(1);
    await atEnd(1);
    expect(written).toHaveLength(2);
  });

  it("take turns with the slices when one does not hold them all", async () => {
    const { written, append, atEnd } = setup(3, 400);
    for (let times = 0; times < 4; times += 1) {
      append(100);
      await atEnd(1);
    }
    expect(written.map(({ from }) => from)).toEqual([0, 400, 800, 0]);
  });

  it("are all written, one behind the other and by one node, when the broker trims what the newest ones need", async () => {
    const { written, atEnd } = setup(4, 300);
    await atEnd(5);
    expect(written.map(({ from }) => from)).toEqual([0, 300, 600, 900]);
    expect(new Set(written.map(({ node }) => node)).size).toBe(1);
    await atEnd(5);
    expect(written).toHaveLength(4);
  });
});
