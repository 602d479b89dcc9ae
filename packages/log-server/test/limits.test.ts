import { describe, expect, it } from "vitest";
import { memoryLog } from "@hawser/log";
import type { Append, AppendOutcome, Log } from "@hawser/log";
import { remoteLog, serveLog } from "@hawser/log-server";
import type { ServerLimits } from "@hawser/log-server";
import { append, range, SharedWorld } from "./support/shared-world.ts";

const least = 64 * 1024;
const all = { maxCount: 1_000_000, maxBytes: 1e12 };

/** A memory log whose appends wait until they are let go. */
function heldLog(): { log: Log; held: number; release: () => void } {
  const log = memoryLog();
  const waiting: (() => void)[] = [];
  const original = log.append.bind(log);
  log.append = async (appends: readonly Append[]): Promise<readonly AppendOutcome[]> => {
    const outcomes = original(appends);
    await new Promise<void>((resolve) => waiting.push(resolve));
    return outcomes;
  };
  return {
    log,
    get held() {
      return waiting.length;
    },
    release: () => {
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

it("refuses a remote log past maxClients, which comes in when another one has left", async () => {
  const world = await SharedWorld.open(memoryLog(), { maxClients: 2 });
  const [first] = [await world.connect(), await world.connect()];
  await expect(world.connect({ openTimeoutMs: 1_000 })).rejects.toMatchObject({ code: "too-many-connections" });
  const third = world.connect();
  await world.time.advance(100);
  await world.time.drive(first.close());
  await third;
  expect(world.server?.clients).toBe(2);
});

it("rejects a follower past maxFollowers, and takes one when another has gone", async () => {
  const world = await SharedWorld.open(memoryLog(), { maxFollowers: 2 });
  const remote = await world.connect();
  const told = await world.follow(remote, "a");
  await world.follow(remote, "b");
  await expect(world.follow(remote, "c")).rejects.toMatchObject({ code: "overloaded", retry: true });
  told.follower?.close();
  await world.follow(remote, "c");
  await world.follow(remote, "c");
  expect(world.server?.followers).toBe(2);
});

it.each([{ maxInFlight: 3 }, { maxInFlightBytes: 3 * 1_000 }] satisfies Partial<ServerLimits>[])(
  "reads no more requests past %o, and goes on when they are answered",
  async (limits) => {
    const held = heldLog();
    const world = await SharedWorld.open(held.log, limits);
    const remote = await world.connect();
    const outcomes = range(1, 10).map((each) => remote.append([append("a", `${each}`.padEnd(1_000))]));
    await world.time.advance(100);
    expect(held.held).toBe(3);
    for (let round = 0; round < 4; round += 1) {
      held.release();
      await world.time.advance(100);
    }
    expect((await Promise.all(outcomes)).flat().map(({ kind }) => kind)).toEqual(range(1, 10).map(() => "accepted"));
  },
);

describe("maxFrameBytes", () => {
  it("fails an append that does not fit with log-full, and takes one that does", async () => {
    const world = await SharedWorld.open(memoryLog(), { maxFrameBytes: least });
    const remote = await world.connect();
    const texts = ["x".repeat(least - 200), "x".repeat(least), "x"];
    const outcomes = await world.time.drive(remote.append(texts.map((text) => append("a", text))));
    expect(outcomes).toMatchObject([{ kind: "accepted" }, { kind: "failed", code: "log-full" }, { kind: "accepted" }]);
  });

  it("lets an entry that does not fit cross as a hole, to readers and followers", async () => {
    const world = await SharedWorld.open(memoryLog());
    const remote = await world.connect({ maxFrameBytes: least });
    const told = await world.follow(remote);
    const key = "k".repeat(255);
    await world.log.append([append("a", "1"), { ...append("a", "x".repeat(least)), key }, append("a", "3")]);
    await world.until(() => told.entries.length === 3);
    expect(told.entries.map(({ payload }) => payload?.data.byteLength)).toEqual([1, undefined, 1]);
    expect(told.entries[1]?.key).toBe(key);
    const { entries } = await world.time.drive(remote.read("a", 0, all));
    expect(entries).toEqual(told.entries);
  });

  it("leaves out the key as well when that alone does not fit", async () => {
    const world = await SharedWorld.open(memoryLog());
    const remote = await world.connect({ maxFrameBytes: least });
    await world.log.append([{ ...append("a", "1"), key: "k".repeat(least) }]);
    const { entries } = await world.time.drive(remote.read("a", 0, all));
    expect(entries).toMatchObject([{ offset: 1, key: "", payload: undefined }]);
  });
});

it.each([
  { way: "forward", limits: { maxPageBytes: 2_000 } },
  { way: "backward", limits: { maxPageBytes: 2_000 } },
  { way: "forward", limits: { maxFrameBytes: least } },
  { way: "backward", limits: { maxFrameBytes: least } },
] as const)("reads $way a page larger than $limits", async ({ way, limits }) => {
  const world = await SharedWorld.open(memoryLog(), limits);
  const remote = await world.connect();
  await world.log.append(range(1, 500).map((each) => append("a", `${each}`.padEnd(each % 3 === 0 ? 900 : 1))));
  for (const options of [all, { maxCount: 100, maxBytes: 1e9 }, { maxCount: 1e9, maxBytes: 30_000 }]) {
    const read = (log: Log) => (way === "forward" ? log.read("a", 7, options) : log.readBackward("a", 490, options));
    expect(await world.time.drive(read(remote))).toEqual(await world.time.drive(read(world.log)));
  }
});

it("holds no more than maxUnsentBytes and maxInFlightBytes for one who asks for pages and does not read them", async () => {
  const world = await SharedWorld.open(memoryLog(), { maxUnsentBytes: least, maxInFlightBytes: 100_000 });
  const remote = await world.connect();
  await world.log.append(range(1, 100).map(() => append("a", "x".repeat(1_000))));
  world.network.stall();
  const pages = range(1, 200).map(() => remote.read("a", 0, { maxCount: 1_000, maxBytes: 20_000 }));
  await world.time.advance(1_000);
  expect(world.network.mostUnsentBytes).toBeGreaterThan(least);
  expect(world.network.mostUnsentBytes).toBeLessThan(least + 100_000 + 2 * 22_000);
  world.network.unstall();
  for (const { entries } of await world.time.drive(Promise.all(pages))) expect(entries.length).toBe(20);
});

it("takes the requests of one whose followers lag: they do not wait until these have caught up", async () => {
  const world = await SharedWorld.open(memoryLog(), { maxUnsentBytes: least });
  const remote = await world.connect();
  const told = await world.follow(remote);
  world.network.stall();
  for (let round = 0; round < 20; round += 1) {
    await world.log.append(range(1, 100).map(() => append("a", "x".repeat(5_000))));
    await world.time.advance(5);
  }
  const appending = remote.append([append("b", "1")]);
  await world.time.advance(5);
  world.network.unstall();
  await world.time.drive(appending);
  expect(told.entries.length).toBeLessThan(1_000);
  await world.until(() => told.entries.length === 2_000);
});

it("fails appends past maxWaitingBytes with log-unavailable, and other requests past maxRequests", async () => {
  const held = heldLog();
  const world = await SharedWorld.open(held.log);
  const remote = await world.connect({ maxWaitingBytes: 5_000, maxRequests: 5 });
  const outcomes = range(1, 6).map((each) => remote.append([append("a", `${each}`.padEnd(1_500))]));
  await expect(outcomes[5]).resolves.toMatchObject([{ kind: "failed", code: "log-unavailable" }]);
  const heads = range(1, 6).map(() => remote.head("a"));
  await expect(heads[5]).rejects.toMatchObject({ code: "log-unavailable" });
  await world.time.advance(100);
  held.release();
  const kinds = (await world.time.drive(Promise.all(outcomes.slice(0, 3)))).flat().map(({ kind }) => kind);
  expect(kinds).toEqual(["accepted", "accepted", "accepted"]);
  await expect(world.time.drive(Promise.all(heads.slice(0, 2)))).resolves.toHaveLength(2);
});

it("closes a connection that has not said what it is within helloTimeoutMs", async () => {
  const world = await SharedWorld.open(memoryLog(), { helloTimeoutMs: 300 });
  const handlers = { onBytes: () => {}, onDrain: () => {}, onClose: () => {} };
  await world.time.drive(world.network.connector.connect(handlers));
  await world.time.advance(250);
  expect(world.server?.clients).toBe(1);
  await world.time.advance(100);
  expect(world.server?.clients).toBe(0);
});

it("cuts those whose appends are not done within closeTimeoutMs of closing", async () => {
  const held = heldLog();
  const world = await SharedWorld.open(held.log, { closeTimeoutMs: 400 });
  const remote = await world.connect();
  const appending = remote.append([append("a", "1")]);
  await world.time.advance(10);
  await world.time.drive(world.server!.close());
  expect(await world.time.drive(appending)).toMatchObject([{ kind: "failed", code: "log-unavailable" }]);
  held.release();
});

it.each([
  { maxFrameBytes: least - 1 },
  { maxUnsentBytes: least - 1 },
  { maxClients: 0 },
  { maxInFlight: 1.5 },
  { maxFollowers: Number.NaN },
] satisfies Partial<ServerLimits>[])("refuses the limit %o", async (limits) => {
  await expect(serveLog({ log: memoryLog(), socket: "/tmp/none", limits })).rejects.toMatchObject({
    code: "option-invalid",
  });
});

it("refuses a remote log without a way to its server, or with a number that no limit can have", () => {
  expect(() => remoteLog({})).toThrow("socket");
  expect(() => remoteLog({ socket: "/tmp/none", heartbeatMs: 0 })).toThrow("heartbeatMs");
});
