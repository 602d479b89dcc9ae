import { describe, expect, it } from "vitest";
import type { AppendOutcome } from "@hawser/log";
import { numbered, plain } from "@hawser/log/conformance";
import type { AppendRecord } from "../../src/prefix/log-record.ts";
import { PlainOrder } from "../../src/broker-log/plain-order.ts";
import { PendingAppends } from "../../src/broker-log/pending-appends.ts";
import { SimulatedWorld } from "../support/simulated-world.ts";

interface Request {
  readonly at: number;
  readonly records: readonly AppendRecord[];
  readonly settle: () => void;
}

function setup(limits: Partial<{ maxBatch: number; maxRequests: number; maxPendingBytes: number }> = {}) {
  const world = new SimulatedWorld();
  const { timers, clock } = world;
  const requests: Request[] = [];
  let ids = 0;
  const pending = new PendingAppends({
    timers,
    monotonic: () => clock.monotonic(),
    send: (records) =>
      new Promise((resolve) => {
        requests.push({ at: clock.monotonic(), records, settle: resolve });
      }),
    recordOf: (append, id) => ({ kind: "append", id, epoch: 1, deduplicateMs: 1_000, ...append }),
    nextId: () => `id-${(ids += 1)}`,
    plain: new PlainOrder("plain", 2),
    retryMs: 100,
    timeoutMs: 10_000,
    maxPending: 1_000,
    maxPendingBytes: 1_000_000,
    maxBatch: 100,
    maxRequests: 16,
    ...limits,
  });
  return { requests, pending, world };
}

const sequences = ({ records }: Request): number[] => records.map(({ sequence }) => sequence);

describe("appends that wait for their outcome", () => {
  it("go in one request when they came in one turn", async () => {
    const { world, requests, pending } = setup();
    for (const sequence of [1, 2, 3]) void pending.add([numbered("a", "p", sequence)]);
    await world.quiet();
    expect(requests.map(sequences)).toEqual([[1, 2, 3]]);
  });

  it("go in larger requests when as many are under way as may be (maxRequests, maxBatch)", async () => {
    const { world, requests, pending } = setup({ maxRequests: 2, maxBatch: 2 });
    for (const sequence of [1, 2, 3, 4, 5, 6, 7]) void pending.add([numbered("a", "p", sequence)]);
    await world.quiet();
    expect(requests.map(sequences)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    requests[0]!.settle();
    await world.quiet();
    expect(requests.map(sequences).slice(2)).toEqual([[5, 6]]);
  });

  it("are sent again after a time that doubles, also what has no producer", async () => {
    const { world, requests, pending } = setup();
    const outcomes = pending.add([numbered("a", "p", 1), plain("a", "once")]);
    await world.advance(9_900);
    expect(requests.map(({ records }) => records.length)).toEqual(requests.map(() => 2));
    const pauses = requests.slice(1).map(({ at }, index) => at - requests[index]!.at);
    expect(pauses).toEqual([100, 200, 400, 800, 1_600, 1_600, 1_600, 1_600, 1_600]);
    await world.advance(200);
    expect((await outcomes).map(({ kind }) => kind)).toEqual(["failed", "failed"]);
  });

  it("fail at once past what may wait in bytes (maxPendingBytes)", async () => {
    const { world, pending } = setup({ maxPendingBytes: 10 });
    const settled: AppendOutcome["kind"][] = [];
    for (const text of ["12345", "67890", "1"]) {
      void pending.add([plain("a", text)]).then(([outcome]) => settled.push(outcome!.kind));
    }
    await world.quiet();
    expect(settled).toEqual(["failed"]);
  });
});
