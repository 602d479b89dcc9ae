import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { barrier } from "./support/barrier.ts";
import { Child } from "./support/child-process.ts";
import { numbered, openLog, plain, textsOf } from "./support/open-log.ts";
import { SteppedWorld } from "./support/stepped-world.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

it("is log-full past maxBytes, appends nothing then, and appends again when what was old is trimmed", async () => {
  const world = new SteppedWorld();
  const path = join(await temporaryFolder(), "data");
  const log = await openLog({ path, maxBytes: 1_000 }, { retainAgeMs: 10_000 }, world);
  expect(await log.append([plain("a", "x".repeat(600)), plain("b", "x".repeat(400))])).toMatchObject([
    { kind: "accepted" },
    { kind: "accepted" },
  ]);
  expect(await log.append([numbered("b", "p", 1)])).toMatchObject([{ kind: "failed", code: "log-full" }]);
  expect((await log.head("b")).end).toBe(1);
  await world.advance(20_000, () => barrier(log));
  expect(await log.append([numbered("b", "p", 1)])).toMatchObject([{ kind: "accepted", offset: 2 }]);
});

it("takes maxChannels channels, and is log-full for one more", async () => {
  const log = await openLog({ path: join(await temporaryFolder(), "data"), maxChannels: 3 });
  const outcomes = await log.append(["a", "b", "c", "d", "a"].map((channel) => plain(channel, "1")));
  expect(outcomes.map(({ kind }) => kind)).toEqual(["accepted", "accepted", "accepted", "failed", "accepted"]);
  expect((await log.head("d")).end).toBe(0);
});

it("is log-full while the file system has less than minFreeBytes, but answers duplicates and goes on trimming", async () => {
  const world = new SteppedWorld();
  const path = join(await temporaryFolder(), "data");
  const before = await openLog({ path }, {}, world);
  await before.append([numbered("a", "p", 1), numbered("a", "p", 2)]);
  await before.close();
  const log = await openLog({ path, minFreeBytes: Number.MAX_SAFE_INTEGER }, { retainAgeMs: 10_000 }, world);
  expect(await log.append([numbered("a", "p", 2), numbered("a", "p", 3)])).toMatchObject([
    { kind: "duplicate", offset: 2 },
    { kind: "failed", code: "log-full" },
  ]);
  await world.advance(20_000, () => barrier(log));
  expect(await log.head("a")).toMatchObject({ floor: 2, end: 2 });
});

it("answers log-unavailable past maxWaitingBytes, and takes appends again once what waits is written", async () => {
  const log = await openLog({ path: join(await temporaryFolder(), "data"), maxWaitingBytes: 1_000 });
  const waiting = [log.append([plain("a", "x".repeat(900))]), log.append([plain("a", "y".repeat(101))])];
  const [first, second] = await Promise.all(waiting);
  expect(first).toMatchObject([{ kind: "accepted" }]);
  expect(second).toMatchObject([{ kind: "failed", code: "log-unavailable" }]);
  expect(await log.append([plain("a", "z")])).toMatchObject([{ kind: "accepted" }]);
  expect((await textsOf(log, "a")).length).toBe(2);
});

it(
  "is log-full when the disk takes no more, lives, and goes on where it was when there is room again",
  { timeout: 60_000 },
  async () => {
    const path = join(await temporaryFolder(), "data");
    const child = new Child("fill", { path, bytes: 50_000 }, 4_096);
    await child.hearOf("open");
    await child.hearOf("accepted");
    const full = await child.hearOf("log-full");
    expect(full.head.end).toBe(full.sequence - 1);
    execFileSync("prlimit", ["--pid", `${child.pid}`, "--fsize=unlimited:unlimited"]);
    const again = await child.hearOf("accepted");
    expect(again.sequence).toBe(full.sequence);
    await child.kill();
    const log = await openLog({ path });
    const { end } = await log.head("commit.a");
    expect(end).toBeGreaterThanOrEqual(again.sequence);
    expect((await textsOf(log, "commit.a")).map((text) => text.trim())).toEqual(
      Array.from({ length: end }, (_, index) => `p-${index + 1}`),
    );
  },
);
