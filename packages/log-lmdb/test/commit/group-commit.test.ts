import { expect, it } from "vitest";
import { FeedPump } from "@hawser/log";
import type { LogOpenOptions, LogPolicy } from "@hawser/log";
import { ChannelTable } from "../../src/channels/channel-table.ts";
import { GroupCommit } from "../../src/commit/group-commit.ts";
import { LogClock } from "../../src/commit/log-clock.ts";
import { limitsOf } from "../../src/limits.ts";
import type { LmdbLogOptions } from "../../src/limits.ts";
import { channelKey, logKey } from "../../src/records/keys.ts";
import { encodeLog, newLog } from "../../src/records/log-record.ts";
import { MapStore } from "../support/map-store.ts";
import { numbered, plain } from "../support/open-log.ts";
import { SteppedWorld } from "../support/stepped-world.ts";

function makeCommits(
  options: Partial<LmdbLogOptions> = {},
  policy: Partial<LogPolicy> = {},
  noRoom: () => string | undefined = () => undefined,
) {
  const store = new MapStore();
  const world = new SteppedWorld();
  const limits = limitsOf({ path: "unused", ...options });
  const full: LogPolicy = {
    durability: "commit",
    retainCount: 1e6,
    retainBytes: 1e9,
    retainAgeMs: 1e9,
    deduplicateMs: 1e9,
    ...policy,
  };
  const ports: LogOpenOptions = {
    clock: world.clock,
    timers: world.timers,
    random: world.random,
    policyOf: () => full,
  };
  const channels = new ChannelTable(store, ports, limits.maxCachedChannels);
  const clock = new LogClock(world.clock, 0);
  const pump = new FeedPump();
  const log = { ...newLog, runs: [7] };
  store.put(logKey, encodeLog(log));
  const commits = new GroupCommit({
    store,
    channels,
    limits,
    ports,
    clock,
    pump,
    epoch: 7,
    log,
    noRoom,
  });
  return { store, world, channels, commits };
}

it("makes one transaction of the calls of one turn, and one more of what came while it was under way", async () => {
  const { store, commits } = makeCommits();
  const first = [commits.append([plain("a", "1")]), commits.append([plain("a", "2"), plain("b", "1")])];
  await Promise.all(first);
  expect(store.commits).toBe(1);
  await Promise.all([commits.append([plain("a", "3")]), commits.append([plain("b", "2")])]);
  expect(store.commits).toBe(2);
});

it("takes whole calls up to maxGroupAppends into a transaction, and the rest into the next ones", async () => {
  const { store, commits } = makeCommits({ maxGroupAppends: 10 });
  const calls = Array.from({ length: 6 }, () => commits.append(Array.from({ length: 4 }, () => plain("a", "1"))));
  calls.push(commits.append(Array.from({ length: 25 }, () => plain("a", "1"))));
  await Promise.all(calls);
  expect(store.commits).toBe(4);
});

it("makes no transaction of what changes nothing", async () => {
  const { store, commits } = makeCommits();
  await commits.append([numbered("a", "p", 1)]);
  expect(await commits.append([numbered("a", "p", 1), numbered("a", "q", 2)])).toMatchObject([
    { kind: "duplicate", epoch: 7, offset: 1 },
    { kind: "producer-unknown" },
  ]);
  expect(store.commits).toBe(1);
});

it("has nothing of a transaction that failed, and answers each of its appends so", async () => {
  const { store, world, channels, commits } = makeCommits();
  await commits.append([numbered("a", "p", 1)]);
  store.next = "full";
  expect(await commits.append([numbered("a", "p", 2), numbered("b", "p", 1), numbered("a", "p", 1)])).toMatchObject(
    Array.from({ length: 3 }, () => ({ kind: "failed", code: "log-full" })),
  );
  expect(channels.get("a").state?.end).toBe(1);
  expect(channels.get("b").state).toBeUndefined();
  await world.advance(2_000, async () => {});
  expect(await commits.append([numbered("a", "p", 2), numbered("b", "p", 1)])).toMatchObject([
    { kind: "accepted", offset: 2 },
    { kind: "accepted", offset: 1 },
  ]);
});

it("does not try a full disk again before a second has passed, but tells duplicates", async () => {
  const { store, world, commits } = makeCommits();
  await commits.append([numbered("a", "p", 1)]);
  store.next = "full";
  await commits.append([numbered("a", "p", 2)]);
  const { commits: before } = store;
  expect(await commits.append([numbered("a", "p", 1), numbered("a", "p", 2)])).toMatchObject([
    { kind: "duplicate" },
    { kind: "failed", code: "log-full" },
  ]);
  expect(store.commits).toBe(before);
  await world.advance(1_000, async () => {});
  expect(await commits.append([numbered("a", "p", 2)])).toMatchObject([{ kind: "accepted" }]);
});

it("answers log-unavailable when the store fails for another reason, and goes on", async () => {
  const { store, commits } = makeCommits();
  store.next = "failed";
  expect(await commits.append([plain("a", "1")])).toMatchObject([{ kind: "failed", code: "log-unavailable" }]);
  expect(await commits.append([plain("a", "1")])).toMatchObject([{ kind: "accepted", offset: 1 }]);
});

it("stops, and tells its followers, when a commit failed and can be seen all the same", async () => {
  const { store, channels, commits } = makeCommits();
  await commits.append([plain("a", "1")]);
  const channel = channels.get("a");
  const told = new Promise<boolean>((resolve) => {
    channel.feed.join(
      { onEntries: () => {}, onFloor: () => {}, onEpoch: () => {}, onAvailable: resolve },
      channel.head([7]),
      () => {},
    );
  });
  store.next = "applied-but-failed";
  expect(await commits.append([plain("a", "2")])).toMatchObject([{ kind: "failed", code: "log-unavailable" }]);
  expect(await told).toBe(false);
  expect(commits.broken).toMatch(/in doubt.*start the node again/);
  expect(await commits.append([plain("a", "3")])).toMatchObject([{ kind: "failed", code: "log-unavailable" }]);
  expect(store.commits).toBe(2);
});

it("fails the appends to a damaged channel, and no others", async () => {
  const { store, commits } = makeCommits();
  store.put(channelKey("a"), Uint8Array.of(99));
  expect(await commits.append([plain("a", "1"), plain("b", "1")])).toMatchObject([
    { kind: "failed", code: "log-unavailable", message: /channel a is damaged/ },
    { kind: "accepted", offset: 1 },
  ]);
});

it("trims every channel of a backlog in each transaction, not one after another", async () => {
  const policy = { retainCount: 1_000 };
  const { channels, commits } = makeCommits({ maxTrimStep: 10 }, policy);
  for (const name of ["a", "b"]) await commits.append(Array.from({ length: 500 }, () => plain(name, "1")));
  policy.retainCount = 100;
  Object.assign(channels.get("a").policy, policy);
  const floors: string[] = [];
  for (const name of ["a", "b"]) {
    const channel = channels.get(name);
    const onFloor = (): number => floors.push(name);
    channel.feed.join({ onEntries: () => {}, onFloor, onEpoch: () => {} }, channel.head([7]), () => {});
  }
  await commits.append([plain("a", "1"), plain("b", "1")]);
  await commits.append([numbered("none", "p", 2)]);
  expect(floors.slice(0, 2).toSorted()).toEqual(["a", "b"]);
});

it("waits on closing for what was appended, not for what is to be trimmed", async () => {
  const policy = { retainCount: 100_000 };
  const { channels, commits } = makeCommits({ maxTrimStep: 1 }, policy);
  await commits.append(Array.from({ length: 10_000 }, () => plain("a", "1")));
  Object.assign(channels.get("a").policy, { retainCount: 1 });
  const last = commits.append([plain("a", "last")]);
  await commits.close();
  expect(await last).toMatchObject([{ kind: "accepted", offset: 10_001 }]);
  expect(channels.get("a").state!.floor).toBeLessThan(5_000);
});

it("looks once and not for ever when its folder is gone, and says so to who appends", async () => {
  let looks = 0;
  const { commits } = makeCommits({}, {}, () => {
    looks += 1;
    if (looks < 1_000) throw new Error("ENOENT: no such file or directory, statfs");
    return undefined;
  });
  commits.sweep();
  expect(await commits.append([plain("a", "1")])).toMatchObject([{ kind: "failed" }]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(looks).toBe(1);
});
