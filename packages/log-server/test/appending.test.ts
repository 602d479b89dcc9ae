import { expect, it } from "vitest";
import { memoryLog } from "@hawser/log";
import type { AppendOutcome } from "@hawser/log";
import { append, range, SharedWorld, textOf } from "./support/shared-world.ts";

const all = { maxCount: 1_000_000, maxBytes: 1e12 };

it("fails what was under way when the connection broke, and sends nothing twice", async () => {
  const world = await SharedWorld.open(memoryLog());
  const remote = await world.connect();
  const outcomes: AppendOutcome[] = [];
  let count = 0;
  for (let round = 0; round < 100; round += 1) {
    for (let index = 0; index < 5; index += 1) {
      count += 1;
      void remote.append([append("a", `${count}`)]).then((given) => outcomes.push(...given));
    }
    await world.time.advance(round % 7);
    if (round % 10 === 5) world.network.cut();
  }
  await world.until(() => outcomes.length === count);
  const accepted = outcomes.filter(({ kind }) => kind === "accepted").length;
  const failed = outcomes.filter((outcome) => outcome.kind === "failed" && outcome.code === "log-unavailable").length;
  expect(accepted + failed).toBe(count);
  expect(Math.min(accepted, failed)).toBeGreaterThan(20);
  const { entries } = await world.time.drive(world.log.read("a", 0, all));
  const texts = entries.map(textOf);
  expect(new Set(texts).size).toBe(texts.length);
  expect(texts.length).toBeGreaterThanOrEqual(accepted);
});

it("is exact for one who tries again by (producer, sequence, previous), through cuts and restarts of the server", async () => {
  const world = await SharedWorld.open(memoryLog());
  const remotes = [await world.connect(), await world.connect()];
  const told = await world.follow(remotes[1]!);
  let sequence = 1;
  let attempts = 0;
  const publish = async (): Promise<void> => {
    while (sequence <= 300) {
      attempts += 1;
      const remote = remotes[attempts % 7 === 0 ? 1 : 0]!;
      const [outcome] = await remote.append([append("a", `${sequence}`, "p", sequence)]);
      if (outcome?.kind === "accepted" || outcome?.kind === "duplicate") sequence += 1;
      else await new Promise<void>((resolve) => world.time.timers.after(3, resolve));
    }
  };
  const publishing = publish();
  for (let round = 0; sequence <= 300; round += 1) {
    await world.time.advance(10 + (round % 5));
    if (round % 3 === 0) world.network.cut();
    if (round % 11 === 10) {
      await world.kill();
      await world.serve();
    }
  }
  await publishing;
  expect(attempts).toBeGreaterThan(310);
  await world.until(() => told.entries.length === 300);
  expect(told.entries.map(textOf)).toEqual(range(1, 300).map(String));
  expect(told.faults).toEqual([]);
});

it("fails at once while there is no connection, and rejects what else is asked", async () => {
  const world = await SharedWorld.open(memoryLog());
  const remote = await world.connect();
  await world.kill();
  await world.time.advance(10);
  const unavailable = { code: "log-unavailable", retry: true };
  expect(await remote.append([append("a", "1")])).toMatchObject([{ kind: "failed", code: "log-unavailable" }]);
  await expect(remote.head("a")).rejects.toMatchObject(unavailable);
  await expect(remote.read("a", 0, all)).rejects.toMatchObject(unavailable);
  await expect(remote.follow("a", await world.follow(world.log))).rejects.toMatchObject(unavailable);
  await world.serve();
  await world.time.advance(5_000);
  expect(await world.time.drive(remote.append([append("a", "2")]))).toMatchObject([{ kind: "accepted", offset: 1 }]);
});

it("answers log-unavailable, not log-closed, while the served log is not open", async () => {
  const world = await SharedWorld.open(memoryLog());
  const remote = await world.connect();
  await world.log.close();
  await expect(world.time.drive(remote.head("a"))).rejects.toMatchObject({ code: "log-unavailable", retry: true });
  const outcomes = await world.time.drive(remote.append([append("a", "1")]));
  expect(outcomes).toMatchObject([{ kind: "failed", code: "log-unavailable" }]);
});

it("answers what is under way before the server closes", async () => {
  const world = await SharedWorld.open(memoryLog());
  const remote = await world.connect();
  const appending = Promise.all(range(1, 500).map((each) => remote.append([append("a", `${each}`.padEnd(2_000))])));
  await world.time.advance(3);
  const closing = world.server!.close();
  await world.time.drive(closing);
  const outcomes = (await world.time.drive(appending)).flat();
  const accepted = outcomes.filter(({ kind }) => kind === "accepted").length;
  const { entries } = await world.time.drive(world.log.read("a", 0, all));
  expect(entries.length).toBe(accepted);
  expect(accepted).toBeGreaterThan(0);
});

it("closes when the appends under way have their outcomes", async () => {
  const world = await SharedWorld.open(memoryLog());
  const remote = await world.connect();
  const appending = Promise.all(range(1, 50).map((each) => remote.append([append("a", `${each}`)])));
  await world.time.drive(remote.close());
  expect((await appending).flat().map(({ kind }) => kind)).toEqual(range(1, 50).map(() => "accepted"));
});

it("opens once the server is there, and gives up when it does not come in time", async () => {
  const world = await SharedWorld.open(memoryLog());
  await world.kill();
  const late = world.remote();
  const opening = late.open({ policyOf: () => ({}) as never, ...world.ports });
  await world.time.advance(3_000);
  await world.serve();
  await world.time.drive(opening);
  await world.kill();
  const never = world.remote({ openTimeoutMs: 500 });
  const refused = world.time.drive(never.open({ policyOf: () => ({}) as never, ...world.ports }));
  await expect(refused).rejects.toMatchObject({ code: "log-unavailable" });
  await expect(never.head("a")).rejects.toMatchObject({ code: "log-closed" });
});

it("does not open over a log that promises less than was expected", async () => {
  const world = await SharedWorld.open(memoryLog());
  const capabilities = { ...memoryLog().capabilities, durabilities: ["memory", "commit"] as const };
  const opening = world.connect({ capabilities });
  await expect(opening).rejects.toMatchObject({ code: "option-invalid", message: expect.stringContaining("commit") });
  const less = await world.connect({
    capabilities: { ...memoryLog().capabilities, deduplicates: false, history: "scan" },
  });
  expect(less.capabilities.history).toBe("scan");
});
