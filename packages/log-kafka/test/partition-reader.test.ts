import { describe, expect, it } from "vitest";
import type { LeaderLane, Link } from "../src/leader-lane.ts";
import { PartitionReader } from "../src/partition-reader.ts";
import type { PartitionView } from "../src/partition-reader.ts";

type Answer = (error: Error | null, response?: unknown) => void;

/** Kafka's numbers of the requests. */
const keys = { fetch: 1, listOffsets: 2 } as const;

/** A leader whose log has the offsets 1 to `end`, of which it knows at first that they are acknowledged through `known`. */
class FakeLeader {
  readonly end: number;
  known: number;
  asked: string[] = [];

  constructor(end: number, known: number) {
    this.end = end;
    this.known = known;
  }

  send(key: number, _version: number, _request: unknown, _parse: unknown, _in: boolean, _out: boolean, answer: Answer) {
    if (key === keys.listOffsets) {
      this.asked.push("end");
      if (this.known < this.end) answer(new Error("OFFSET_NOT_AVAILABLE"));
      else answer(null, { topics: [{ partitions: [{ offset: BigInt(this.known) }] }] });
    } else {
      expect(key).toBe(keys.fetch);
      this.asked.push("records");
      const highWatermark = BigInt(this.known);
      answer(null, { responses: [{ partitions: [{ highWatermark, logStartOffset: 0n, lastStableOffset: 0n }] }] });
    }
  }
}

function reading(leader: FakeLeader): PartitionReader {
  const link = { connection: leader, topicId: "t", leaderEpoch: 1 } as unknown as Link;
  const lane = {
    link: async () => link,
    request: (_: Link, ask: (connection: unknown) => unknown) => ask(leader),
  } as unknown as LeaderLane;
  const view: PartitionView = {
    isCommitted: false,
    recordsOf: () =>
      Array.from({ length: leader.known }, (_, index) => ({
        offset: index + 1,
        time: 0,
        record: { kind: "foreign", id: `${index + 1}` } as const,
      })),
  };
  return new PartitionReader(lane, lane, { topic: "t", partition: 0, fetchBytes: 1, maxWaitMs: 1, view });
}

describe("a leader that has just begun", () => {
  it.each([{ known: 9 }, { known: 5 }])(
    "is not believed to have less than it had while it knows of $known of 10 only",
    async ({ known }) => {
      const leader = new FakeLeader(10, known);
      const reader = reading(leader);
      await expect(reader.fetch(10, 100, 0)).rejects.toMatchObject({ code: "log-unavailable" });
      leader.known = 10;
      const { records, end } = await reader.fetch(10, 100, 0);
      expect([records.map(({ offset }) => offset), end]).toEqual([[10], 10]);
    },
  );

  it("is asked once whether it knows where the log ends", async () => {
    const leader = new FakeLeader(10, 10);
    const reader = reading(leader);
    for (let count = 0; count < 3; count += 1) await reader.fetch(10, 100, 0);
    expect(leader.asked).toEqual(["end", "records", "records", "records"]);
  });
});
