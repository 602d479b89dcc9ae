import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Follower, LogOpenOptions } from "@hawser/log";
import { systemPorts } from "@hawser/protocol";
import { BoundStream } from "../../src/bindings/bound-stream.ts";
import type { BoundMessage } from "../../src/bindings/bindings.ts";

let messages: BoundMessage[];
let arrived: () => void;
let told: string[];
let stream: BoundStream;

beforeEach(() => {
  messages = [];
  arrived = () => {};
  told = [];
  const mark = { epoch: 1, above: 0, offset: 0, id: "" };
  stream = new BoundStream({
    name: "others",
    ports: { ...systemPorts(), policyOf: () => undefined } as unknown as LogOpenOptions,
    maxFollowed: 10,
    maxScan: 100,
    write: undefined,
    reader: { fetch, close: () => arrived() },
    epochs: { mark, open: async () => {}, write: async () => {}, close: async () => {} },
  });
});
afterEach(() => stream.close());

/** As a stream that keeps all: waits at its end for a message. */
async function fetch(offset: number, maxCount: number, waitMs: number) {
  if (waitMs > 0 && offset >= messages.length) await new Promise<void>((resolve) => (arrived = resolve));
  const from = Math.max(1, offset) - 1;
  return { records: messages.slice(from, from + maxCount), start: 1, end: messages.length };
}

function write(channel: string): void {
  const offset = messages.length + 1;
  messages.push({ offset, time: 0, id: `${offset}`, channel, payload: undefined, marked: undefined });
  arrived();
}

function follow(channel: string): Promise<Follower> {
  return stream.follow(channel, channel, {
    onEntries: (entries, { from, to }) => told.push(`(${from},${to}] ${entries.map(({ offset }) => offset).join(" ")}`),
    onFloor: () => {},
    onEpoch: ({ end }) => told.push(`epoch at ${end}`),
  });
}

async function turn(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe("a stream that others write", () => {
  it("is told to the channels that its messages are for", async () => {
    write("a");
    const { head } = await follow("a");
    expect(head).toMatchObject({ epoch: 1, floor: 0, end: 1 });
    await turn();
    write("b");
    await turn();
    write("a");
    await turn();
    expect(told).toEqual(["(1,3] 3"]);
  });

  it("goes on with a channel whose last follower leaves while another one is about to follow it", async () => {
    const first = await follow("a");
    await turn();
    const second = follow("a");
    first.close();
    await second;
    write("a");
    await turn();
    expect(told).toEqual(["(0,1] 1"]);
  });
});
