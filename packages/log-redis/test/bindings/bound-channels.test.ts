import { afterEach, describe, expect, it } from "vitest";
import type { Follower, Head } from "@hawser/log";
import { systemPorts } from "@hawser/protocol";
import { BoundChannels } from "../../src/bindings/bound-channels.ts";
import type { BoundStream } from "../../src/bindings/bindings.ts";
import { idThrough, originMs } from "../../src/bindings/stream-offsets.ts";
import type { Connection } from "../../src/connection/connection.ts";

const bound: BoundStream = { stream: "orders", mode: "read", field: "body", kind: "text" };
/** Where entries of a stream are that were added one each millisecond. */
const place = (number: number): number => number * 8_192;
const headAt = (end: number, epoch = 1): Head => ({
  epoch,
  floor: 0,
  end: place(end),
  lineage: [{ epoch, start: 0 }],
});
const turn = async (): Promise<void> => {
  for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
};

let channels: BoundChannels;
afterEach(() => channels.close());

/** Channels of which every answer is given by the test. */
function held() {
  const heads: ((head: Head) => void)[] = [];
  const reads: { readonly ids: readonly string[]; readonly answer: (numbers: readonly number[]) => void }[] = [];
  const pages: number[] = [];
  const told: string[] = [];
  channels = new BoundChannels({
    maxBound: 10,
    ports: { ...systemPorts(), policyOf: () => expect.fail("no policy is asked for") },
    head: () => new Promise((resolve) => heads.push(resolve)),
    read: async (_name, _bound, after) => {
      const from = after / 8_192;
      pages.push(from);
      const entry = { offset: place(from + 1), time: 0, payload: undefined, key: "", publisher: "" };
      return { epoch: 1, floor: 0, interval: { from: after, to: entry.offset }, entries: [entry], more: true };
    },
    wake: () => {},
  });
  const tail: Connection = {
    send: (command) =>
      new Promise((resolve) => {
        const words = command.map(String).slice(6);
        const answer = (numbers: readonly number[]): void => {
          const found = numbers.map((number) => [
            Buffer.from(`${originMs + number}-0`),
            [Buffer.from("body"), Buffer.from("x")],
          ]);
          resolve(found.length === 0 ? null : [[Buffer.from(words[0]!), found]]);
        };
        reads.push({ ids: words.slice(words.length / 2), answer });
      }),
    gone: new Promise(() => {}),
    destroy: () => {},
  };
  void channels.read(tail);
  const follow = (name: string): Promise<Follower> =>
    channels.follow(name, bound, {
      onEntries: (entries, { from, to }) =>
        told.push(`${name} (${from / 8_192},${to / 8_192}] ${entries.map(({ offset }) => offset / 8_192).join(" ")}`),
      onFloor: () => {},
      onEpoch: ({ epoch, end }) => told.push(`${name} epoch ${epoch} at ${end / 8_192}`),
    });
  return { heads, reads, pages, told, follow };
}

/** A channel that is followed from 10 on, and its first read under way. */
async function followed(at = 10) {
  const test = held();
  const following = test.follow("a");
  test.heads.shift()!(headAt(at));
  await following;
  await turn();
  return test;
}

describe("channels of streams that others write", () => {
  it("leave nothing out in a new epoch whose head the tail has overtaken", async () => {
    const { heads, reads, told } = await followed();
    channels.look();
    reads.shift()!.answer([11, 12]);
    await turn();
    expect(reads[0]!.ids).toEqual([idThrough(place(12))]);
    // It was asked for before 11 came.
    heads.shift()!(headAt(10, 2));
    await turn();
    reads.shift()!.answer([13]);
    await turn();
    expect(reads[0]!.ids).toEqual([idThrough(place(10))]);
    reads.shift()!.answer([11, 12, 13]);
    await turn();
    expect(told).toEqual(["a (10,12] 11 12", "a epoch 2 at 10", "a (10,13] 11 12 13"]);
  });

  it("leave nothing out where two of one stream stand at different places", async () => {
    const { heads, reads, told, follow } = await followed();
    const following = follow("b");
    heads.shift()!(headAt(12));
    await following;
    reads.shift()!.answer([11]);
    await turn();
    expect(reads[0]!.ids).toEqual([idThrough(place(11))]);
    reads.shift()!.answer([12, 13]);
    await turn();
    expect(told).toEqual(["a (10,11] 11", "a (11,13] 12 13", "b (12,13] 13"]);
  });

  it("are followed no lower than the log's end, though the tail is late", async () => {
    const { heads, pages, told, follow } = await followed();
    const following = follow("a");
    heads.shift()!(headAt(12));
    expect((await following).head.end).toBe(place(12));
    await turn();
    expect(pages).toEqual([10, 11]);
    expect(told).toEqual(["a (10,11] 11", "a (11,12] 12"]);
  });

  it("are looked at once more for what happens while they are looked at", async () => {
    const { heads, told } = await followed();
    channels.look();
    channels.look();
    heads.shift()!(headAt(10));
    await turn();
    heads.shift()!(headAt(10, 2));
    await turn();
    expect(told).toEqual(["a epoch 2 at 10"]);
  });

  it("are looked at once more where that happened while the head of a new one was on its way", async () => {
    const { heads, told, follow } = held();
    const following = follow("a");
    channels.look();
    heads.shift()!(headAt(10));
    await following;
    await turn();
    heads.shift()!(headAt(10, 2));
    await turn();
    expect(told).toEqual(["a epoch 2 at 10"]);
  });
});
