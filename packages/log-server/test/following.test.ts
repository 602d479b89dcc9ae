import { expect, it } from "vitest";
import { memoryLog } from "@hawser/log";
import { append, range, SharedWorld, textOf, wide } from "./support/shared-world.ts";
import { ScriptedLog } from "./support/scripted-log.ts";

it("goes on where it stood when the connection comes back", async () => {
  const log = new ScriptedLog();
  const world = await SharedWorld.open(log);
  const told = await world.follow(await world.connect());
  log.add(3);
  await world.until(() => told.entries.length === 3);
  world.network.cut();
  log.add(200);
  await world.until(() => told.available.at(-1) === false);
  log.add(1);
  await world.until(() => told.entries.length === 204);
  log.add(1);
  await world.until(() => told.entries.length === 205);
  expect(told.offsets).toEqual(range(1, 205));
  expect([told.faults, told.heads, told.available]).toEqual([[], [], [false, true]]);
});

it("tells what was missed over a restart with a new epoch: the old one's entries, the new epoch, its entries", async () => {
  const log = new ScriptedLog();
  const world = await SharedWorld.open(log);
  const told = await world.follow(await world.connect());
  log.add(5);
  await world.until(() => told.entries.length === 5);
  await world.kill();
  log.add(5);
  log.renew(2);
  log.add(10);
  log.renew(3);
  log.renew(4);
  log.add(1);
  await world.serve();
  await world.until(() => told.entries.length === 21);
  expect(told.story).toEqual([
    "entries 0 5",
    "entries 5 10",
    "epoch 2 10",
    "entries 10 20",
    "epoch 3 20",
    "epoch 4 20",
    "entries 20 21",
  ]);
  expect(told.offsets).toEqual(range(1, 21));
  expect(told.heads[0]).toEqual({
    epoch: 2,
    floor: 0,
    end: 10,
    lineage: [
      { epoch: 1, start: 0 },
      { epoch: 2, start: 10 },
    ],
  });
});

it("goes back with a log whose end went back, and tells what the new epoch holds instead", async () => {
  const log = new ScriptedLog();
  const world = await SharedWorld.open(log);
  const told = await world.follow(await world.connect());
  log.add(10);
  await world.until(() => told.entries.length === 10);
  await world.kill();
  log.renew(2, 7);
  log.add(5);
  await world.serve();
  await world.until(() => told.at === 12);
  expect(told.story).toEqual(["entries 0 10", "epoch 2 7", "entries 7 12"]);
});

it("begins at the end of a log that knows nothing of the epoch before", async () => {
  const log = new ScriptedLog();
  const world = await SharedWorld.open(log);
  const told = await world.follow(await world.connect());
  log.add(10);
  await world.until(() => told.entries.length === 10);
  await world.kill();
  log.replace(9);
  log.add(3);
  await world.serve();
  await world.until(() => told.heads.length === 1);
  log.add(1);
  await world.until(() => told.at === 4);
  expect(told.story).toEqual(["entries 0 10", "epoch 9 3", "entries 3 4"]);
});

it("tells a new beginning in the same epoch when what was missed is trimmed", async () => {
  const log = new ScriptedLog();
  const world = await SharedWorld.open(log);
  const told = await world.follow(await world.connect());
  log.add(2);
  await world.until(() => told.entries.length === 2);
  world.network.cut();
  log.add(100);
  log.trim(50);
  await world.until(() => told.heads.length === 1);
  log.add(1);
  await world.until(() => told.at === 103);
  expect(told.story).toEqual(["entries 0 2", "epoch 1 102", "entries 102 103"]);
  expect(told.heads[0]).toMatchObject({ epoch: 1, floor: 50, end: 102 });
});

it("passes on a new epoch, a floor, and that the log cannot be followed", async () => {
  const log = new ScriptedLog();
  const world = await SharedWorld.open(log);
  const told = await world.follow(await world.connect());
  log.add(4);
  log.trim(2);
  await world.until(() => told.floors.length === 1);
  log.tellAvailable(false);
  await world.until(() => told.available.length === 1);
  log.tellAvailable(true);
  log.renew(2);
  log.add(1);
  await world.until(() => told.at === 5);
  expect(told.story).toEqual(["entries 0 4", "epoch 2 4", "entries 4 5"]);
  expect([told.floors, told.available]).toEqual([[2], [false, true]]);
});

it("tells what the log told before it answered where following begins", async () => {
  const log = new ScriptedLog();
  const follow = log.follow.bind(log);
  log.follow = async (channel, handlers) => {
    const follower = await follow(channel, handlers);
    log.add(2);
    log.trim(1);
    return follower;
  };
  const world = await SharedWorld.open(log);
  log.add(1);
  const told = await world.follow(await world.connect());
  expect(told.follower?.head).toMatchObject({ end: 3, floor: 1 });
});

it("tells a new beginning in the same epoch when the log does", async () => {
  const log = new ScriptedLog();
  const world = await SharedWorld.open(log);
  const told = await world.follow(await world.connect());
  log.add(2);
  await world.until(() => told.entries.length === 2);
  log.renew(1);
  log.add(1);
  await world.until(() => told.at === 3);
  expect(told.story).toEqual(["entries 0 2", "epoch 1 2", "entries 2 3"]);
});

it("stays behind a trim that a page told of before the log did", async () => {
  const log = new ScriptedLog();
  const world = await SharedWorld.open(log, { maxUnsentBytes: 65_536 });
  const told = await world.follow(await world.connect());
  let delayMs = 200;
  log.delay = () => new Promise((resolve) => world.time.timers.after(delayMs, resolve));
  world.network.stall();
  for (const count of [20, 10, 10]) log.add(count, 9_000);
  log.trim(35);
  await world.time.advance(210);
  delayMs = 1;
  world.network.unstall();
  await world.until(() => told.at === 40);
  await world.time.advance(1_000);
  expect(told.faults).toEqual([]);
  expect(told.story.slice(-2)).toEqual(["epoch 1 35", "entries 35 40"]);
  expect(told.heads).toHaveLength(1);
});

it("follows again when the log did not answer after the connection came back", async () => {
  const log = new ScriptedLog();
  const world = await SharedWorld.open(log);
  const told = await world.follow(await world.connect());
  log.silent = true;
  world.network.cut();
  await world.until(() => world.network.links === 1);
  log.add(1);
  await world.time.advance(2_000);
  expect(told.available).toEqual([false]);
  log.silent = false;
  await world.until(() => told.entries.length === 1);
  await world.until(() => told.available.length === 2);
  expect(told.faults).toEqual([]);
});

it("finds out that the server is silent, though nobody closed the connection", async () => {
  const log = new ScriptedLog();
  const world = await SharedWorld.open(log);
  const told = await world.follow(await world.connect({ heartbeatMs: 1_000 }));
  await world.time.advance(10_000);
  expect(told.available).toEqual([]);
  world.network.silence();
  log.add(3);
  await world.until(() => told.entries.length === 3);
  expect(told.available).toEqual([false, true]);
});

it("tells the entries of a channel once over the connection, however many follow it here", async () => {
  const log = new ScriptedLog();
  const world = await SharedWorld.open(log);
  const remote = await world.connect();
  const all = [await world.follow(remote), await world.follow(remote), await world.follow(remote)];
  expect([world.server?.followers, log.followers]).toEqual([1, 1]);
  log.add(2);
  await world.until(() => all.every((told) => told.entries.length === 2));
  for (const told of all) told.follower?.close();
  await world.until(() => log.followers === 0);
  expect(world.server?.followers).toBe(0);
  const again = await world.follow(remote);
  expect(again.follower?.head.end).toBe(2);
});

it("begins a second follower behind what was accepted before, though the first one has not been told of it yet", async () => {
  const log = new ScriptedLog();
  const world = await SharedWorld.open(log);
  const remote = await world.connect();
  const first = await world.follow(remote);
  log.delay = () => new Promise((resolve) => world.time.timers.after(50, resolve));
  for (let count = 1; count <= 5; count += 1) {
    await world.time.drive(remote.append([append("a", `${count}`)]));
    expect(first.entries.length).toBe(count - 1);
    const told = await world.follow(remote);
    expect(told.follower?.head.end).toBe(count);
  }
});

it("follows no more for a remote log that has gone, by a word or without one", async () => {
  const log = new ScriptedLog();
  const world = await SharedWorld.open(log);
  const [polite, rude] = [await world.connect(), await world.connect()];
  await world.follow(polite);
  await world.follow(rude);
  expect([log.followers, world.server?.followers]).toEqual([2, 2]);
  await world.time.drive(polite.close());
  await world.until(() => log.followers === 1);
  world.network.down = true;
  world.network.cut();
  await world.until(() => log.followers === 0);
  expect([world.server?.followers, world.server?.clients]).toEqual([0, 0]);
});

it("reads few channels at a time for one whose followers all lag", async () => {
  const log = memoryLog();
  const world = await SharedWorld.open(log, { maxUnsentBytes: 65_536 });
  const remote = await world.connect();
  const channels = range(1, 60).map((each) => `c${each}`);
  const all = [];
  for (const channel of channels) all.push(await world.follow(remote, channel));
  world.network.stall();
  for (const channel of channels) await log.append(range(1, 3).map(() => append(channel, "x".repeat(30_000))));
  await world.time.advance(10);
  world.network.unstall();
  let most = 0;
  while (all.some(({ entries }) => entries.length < 3)) {
    await world.time.advance(1);
    most = Math.max(most, world.network.mostUnsentBytes);
  }
  expect(most).toBeLessThan(65_536 + 9 * 100_000);
  for (const { faults, heads } of all) expect([faults, heads]).toEqual([[], []]);
});

it("keeps no more than maxUnsentBytes for one who does not read, who then gets all, and stalls nobody else", async () => {
  const log = new ScriptedLog();
  const world = await SharedWorld.open(log, { maxUnsentBytes: 65_536 });
  const slow = await world.connect();
  const slowTold = await world.follow(slow);
  world.network.stall();
  const fast = await world.connect();
  const fastTold = await world.follow(fast);
  for (let round = 0; round < 50; round += 1) {
    log.add(100, 10_000);
    await world.time.advance(20);
    expect(world.network.mostUnsentBytes).toBeLessThan(65_536 + 2 * 65_536);
  }
  await world.until(() => fastTold.entries.length === 5_000);
  expect(slowTold.entries.length).toBe(0);
  world.network.unstall();
  await world.until(() => slowTold.entries.length === 5_000);
  log.add(1);
  await world.until(() => slowTold.entries.length === 5_001 && fastTold.entries.length === 5_001);
  for (const told of [slowTold, fastTold])
    expect([told.faults, told.heads, told.offsets]).toEqual([[], [], range(1, 5_001)]);
});

it("tells one who does not read of a new beginning when the channel retains nothing", async () => {
  const world = await SharedWorld.open(memoryLog(), { maxUnsentBytes: 65_536 }, { retainCount: 0 });
  const remote = await world.connect();
  const told = await world.follow(remote);
  world.network.stall();
  const writer = await world.connect();
  for (let round = 0; round < 100; round += 1) {
    await world.time.drive(writer.append([append("a", "x".repeat(10_000))]));
  }
  world.network.unstall();
  await world.until(() => told.heads.length === 1);
  await world.time.drive(writer.append([append("a", "last")]));
  await world.until(() => told.at === 101);
  expect(told.faults).toEqual([]);
  expect(told.entries.length).toBeGreaterThan(5);
  expect(textOf(told.entries.at(-1)!)).toBe("last");
});

it("gives every follower of two nodes everything, though they append in turns while one of them is stalled", async () => {
  const world = await SharedWorld.open(memoryLog(), { maxUnsentBytes: 65_536 });
  const nodes = [await world.connect(), await world.connect()];
  const told = [await world.follow(nodes[0]!), await world.follow(nodes[1]!)];
  const accepted: Promise<unknown>[] = [];
  for (let turn = 1; turn <= 200; turn += 1) {
    if (turn === 50) world.network.stall(1);
    if (turn === 150) world.network.unstall();
    accepted.push(nodes[turn % 2]!.append([append("a", `${turn}`.padEnd(4_000))]));
    await world.time.advance(5);
    if (turn === 149) expect(told[1]!.entries.length).toBeLessThan(50);
  }
  await world.until(() => told.every(({ entries }) => entries.length === 200));
  expect((await Promise.all(accepted)).flat()).toHaveLength(200);
  expect(told[0]!.entries).toEqual(told[1]!.entries);
  for (const each of told) expect([each.faults, each.heads, each.offsets]).toEqual([[], [], range(1, 200)]);
});

it("asks nobody's policy but that of the log's owner", async () => {
  const world = await SharedWorld.open(memoryLog(), {}, { retainCount: 2 });
  const remote = world.remote();
  let asked = 0;
  const policyOf = (): typeof wide => {
    asked += 1;
    return wide;
  };
  await world.time.drive(remote.open({ ...world.ports, policyOf }));
  await world.time.drive(remote.append(range(1, 10).map((each) => append("a", `${each}`))));
  const { entries } = await world.time.drive(remote.read("a", 0, { maxCount: 100, maxBytes: 1_000 }));
  expect([asked, entries.length]).toEqual([0, 2]);
});
