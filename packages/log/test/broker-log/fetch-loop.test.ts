import { describe, expect, it } from "vitest";
import type { Fetched } from "../../src/prefix/broker.ts";
import { FetchLoop } from "../../src/broker-log/fetch-loop.ts";
import { SimulatedWorld } from "../support/simulated-world.ts";

interface Request {
  readonly at: number;
  readonly offset: number;
  readonly waitMs: number;
  readonly answer: (fetched: Fetched) => void;
  readonly fail: () => void;
}

const empty: Fetched = { records: [], start: 1, end: 0 };

/** A loop whose requests the test answers; the reader stands where `reader.offset` says. */
function setup() {
  const world = new SimulatedWorld();
  const requests: Request[] = [];
  const available: boolean[] = [];
  const reader = { offset: 0, waitMs: 1_000, taken: [] as number[], more: false };
  const loop = new FetchLoop(
    {
      clock: world.clock,
      timers: world.timers,
      random: world.random,
      maxFetch: 10,
      pollMs: 5,
      minBackoffMs: 50,
      maxBackoffMs: 2_000,
      broker: {
        produce: async () => {},
        fetch: (offset, _max, waitMs) =>
          new Promise((resolve, reject) => {
            const at = world.clock.monotonic();
            requests.push({ at, offset, waitMs, answer: resolve, fail: () => reject(new Error("away")) });
          }),
      },
    },
    {
      position: () => reader.offset,
      waitMs: () => reader.waitMs,
      take: (_, fetch) => {
        reader.taken.push(fetch);
        return reader.more;
      },
      onAvailable: (now) => available.push(now),
    },
  );
  return { world, requests, reader, loop, available };
}

describe("the loop of fetches", () => {
  it("leaves one fetch waiting at the end of the log", async () => {
    const { world, requests, loop } = setup();
    loop.ask();
    await world.advance(60_000);
    expect(requests.map(({ waitMs }) => waitMs)).toEqual([1_000]);
  });

  it("pauses only after an answer that brought nothing and did not wait", async () => {
    const { world, requests, reader, loop } = setup();
    loop.ask();
    requests[0]!.answer(empty);
    await world.advance(4);
    expect(requests).toHaveLength(1);
    await world.advance(1);
    expect(requests).toHaveLength(2);
    reader.more = true;
    requests[1]!.answer(empty);
    await world.advance(0);
    expect(requests).toHaveLength(3);
  });

  it("asks beside the fetch that waits when somebody wants to know the end now, once at a time", async () => {
    const { world, requests, reader, loop } = setup();
    loop.ask();
    loop.ask();
    loop.ask();
    expect(requests.map(({ waitMs }) => waitMs)).toEqual([1_000, 0]);
    requests[1]!.answer(empty);
    await world.advance(0);
    expect(reader.taken).toEqual([2]);
    loop.ask();
    expect(requests).toHaveLength(3);
  });

  it("drops an answer that another one has overtaken, or of before a restart", async () => {
    const { world, requests, reader, loop } = setup();
    loop.ask();
    loop.ask();
    reader.offset = 7;
    requests[1]!.answer(empty);
    await world.advance(0);
    expect(reader.taken).toEqual([]);
    requests[0]!.answer(empty);
    await world.advance(0);
    loop.restart();
    requests[2]!.answer(empty);
    await world.advance(0);
    expect(reader.taken).toEqual([]);
    expect(requests.map(({ offset }) => offset)).toEqual([0, 0, 7, 7]);
  });

  it("leaves a broker that fails alone for a time that doubles, whoever asks, and is drawn at random", async () => {
    const { world, requests, loop, available } = setup();
    loop.ask();
    const pauses: number[] = [];
    for (let failures = 0; failures < 10; failures += 1) {
      const failedAt = world.clock.monotonic();
      requests.at(-1)!.fail();
      await world.quiet();
      const before = requests.length;
      while (requests.length === before) {
        loop.ask();
        await world.advance(1);
      }
      pauses.push(requests.at(-1)!.at - failedAt);
    }
    expect(available).toEqual([false]);
    for (const [index, pause] of pauses.entries()) {
      const bound = Math.min(2_000, 50 * 2 ** index);
      expect(pause).toBeGreaterThanOrEqual(bound / 2 - 1);
      expect(pause).toBeLessThanOrEqual(bound + 1);
    }
    expect(new Set(pauses.slice(6)).size).toBeGreaterThan(1);
    requests.at(-1)!.answer(empty);
    await world.advance(0);
    expect(available).toEqual([false, true]);
  });

  it("asks nothing any more once it was stopped", async () => {
    const { world, requests, loop } = setup();
    loop.ask();
    requests[0]!.fail();
    await world.quiet();
    loop.stop();
    await world.advance(10_000);
    expect(requests).toHaveLength(1);
  });
});
