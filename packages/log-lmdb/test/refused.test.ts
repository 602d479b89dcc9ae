import { cp, mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Child } from "./support/child-process.ts";
import { numbered, openLog, plain, textsOf } from "./support/open-log.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const channels = ["commit.a", "commit.b"];

/** A folder with some entries in it, closed. */
async function filledFolder(): Promise<string> {
  const path = join(await temporaryFolder(), "data");
  const log = await openLog({ path });
  for (let round = 0; round < 30; round += 1) {
    await log.append(channels.flatMap((channel) => [plain(channel, "x".repeat(round * 150)), plain(channel, "y")]));
  }
  await log.close();
  return path;
}

describe("a folder that is in use", () => {
  it("is log-locked for a second process, and free once the first was killed", async () => {
    const path = join(await temporaryFolder(), "data");
    const first = new Child("hold", { path });
    await first.hearOf("open");
    await expect(openLog({ path })).rejects.toMatchObject({ code: "log-locked" });
    const third = new Child("hold", { path });
    expect(await third.hear()).toMatchObject({ kind: "refused", code: "log-locked" });
    await first.kill();
    const log = await openLog({ path });
    expect(await log.append([plain("commit.a", "1")])).toMatchObject([{ kind: "accepted" }]);
  });

  it("is log-locked for a second log of the same process, and free once the first was closed", async () => {
    const path = join(await temporaryFolder(), "data");
    const first = await openLog({ path });
    await expect(openLog({ path })).rejects.toMatchObject({ code: "log-locked" });
    await first.append([plain("commit.a", "1")]);
    await first.close();
    const second = await openLog({ path });
    expect(await textsOf(second, "commit.a")).toEqual(["1"]);
  });

  it("opens again after a lock that was damaged while nobody held it", async () => {
    const path = await filledFolder();
    await writeFile(join(path, "lock.mdb"), new Uint8Array(8192));
    const log = await openLog({ path });
    expect((await log.head("commit.a")).end).toBe(60);
  });
});

describe("a folder that is not a log's", () => {
  it("is log-foreign when it holds other files, and stays as it is", async () => {
    const path = await temporaryFolder();
    await writeFile(join(path, "thesis.txt"), "precious");
    await expect(openLog({ path })).rejects.toMatchObject({ code: "log-foreign" });
    expect(await readFile(join(path, "thesis.txt"), "utf8")).toBe("precious");
  });

  it("is log-foreign when its layout is of another version", async () => {
    const path = await filledFolder();
    await writeFile(join(path, "hawser-log"), "hawser-log-lmdb 2\n");
    await expect(openLog({ path })).rejects.toMatchObject({ code: "log-foreign", message: /another version/ });
  });

  it("is taken when it is empty but for what file systems and tools leave", async () => {
    const path = await temporaryFolder();
    await mkdir(join(path, "lost+found"));
    await writeFile(join(path, ".gitkeep"), "");
    const log = await openLog({ path });
    expect((await log.head("a")).end).toBe(0);
  });

  it("is option-invalid when it is no folder, or cannot be written", async () => {
    const path = join(await temporaryFolder(), "file");
    await writeFile(path, "");
    await expect(openLog({ path })).rejects.toMatchObject({ code: "option-invalid", message: /not a folder/ });
    await expect(openLog({ path: join(path, "below") })).rejects.toMatchObject({ code: "option-invalid" });
  });
});

describe("a damaged file", () => {
  it("is log-corrupt when it is not one of LMDB, and is free again after that", async () => {
    const path = await filledFolder();
    await writeFile(join(path, "data.mdb"), "not a database".repeat(2_000));
    await expect(openLog({ path })).rejects.toMatchObject({ code: "log-corrupt" });
    await expect(openLog({ path })).rejects.toMatchObject({ code: "log-corrupt" });
  });

  it("is a new log when it is gone or empty: a new epoch that knows of none before", async () => {
    const path = await filledFolder();
    await truncate(join(path, "data.mdb"), 0);
    const log = await openLog({ path });
    const head = await log.head("commit.a");
    expect(head).toMatchObject({ end: 0, lineage: [{ epoch: head.epoch, start: 0 }] });
  });

  it("is log-corrupt wherever it was cut short", async () => {
    const path = await filledFolder();
    const { byteLength } = await readFile(join(path, "data.mdb"));
    for (const share of [0.01, 0.2, 0.5, 0.8]) {
      const size = Math.floor(byteLength * share);
      const copy = `${path}-${size}`;
      await cp(path, copy, { recursive: true });
      await truncate(join(copy, "data.mdb"), size);
      const child = new Child("visit", { path: copy, channels });
      expect(await child.hear()).toMatchObject({ kind: "refused", code: "log-corrupt" });
      expect(await child.ended).toMatchObject({ code: 0, signal: null });
    }
  });

  it(
    "gives the right entries or log-corrupt, and does not end the process, with bits of its pages turned",
    { timeout: 120_000 },
    async () => {
      const path = await filledFolder();
      const good = await readFile(join(path, "data.mdb"));
      // The same places in each run: seeds of other places were tried by hand.
      const random = seeded(Number(process.env["HAWSER_SEED"] ?? 1));
      // The two meta pages, the one in the middle of the first page, and pages of the trees.
      const places = [0, 2_048, 4_096].flatMap((page) =>
        Array.from({ length: 6 }, () => page + Math.floor(random() * 176)),
      );
      for (const at of [
        ...places,
        ...Array.from({ length: 10 }, () => 8_192 + Math.floor(random() * (good.byteLength - 8_192))),
      ]) {
        const bad = Uint8Array.from(good);
        bad[at]! ^= 1 << Math.floor(random() * 8);
        await writeFile(join(path, "data.mdb"), bad);
        const child = new Child("visit", { path, channels });
        const said = [];
        for (let one = await child.hear(); one !== undefined; one = await child.hear()) said.push(one);
        const ended = await child.ended;
        expect(ended, `byte ${at}: ${JSON.stringify(said)} ${ended.errors}`).toMatchObject({ code: 0, signal: null });
        for (const one of said) {
          if (one.kind === "refused") expect(one.code).toMatch(/^log-(corrupt|foreign)$/);
        }
      }
    },
  );

  it("is log-corrupt when an entry that is read does not fit its checksum, and other channels can be read", async () => {
    const path = await filledFolder();
    const bytes = await readFile(join(path, "data.mdb"));
    const log = await openLog({ path });
    await log.append([plain("commit.c", "needle".repeat(20))]);
    await log.close();
    const after = await readFile(join(path, "data.mdb"));
    expect(after.byteLength).toBeGreaterThanOrEqual(bytes.byteLength);
    for (let at = after.indexOf("needle"); at >= 0; at = after.indexOf("needle", at + 6)) after[at] = 0x4e;
    await writeFile(join(path, "data.mdb"), after);
    const damaged = await openLog({ path });
    await expect(textsOf(damaged, "commit.c")).rejects.toMatchObject({ code: "log-corrupt" });
    expect((await textsOf(damaged, "commit.a")).length).toBe(60);
    expect(await damaged.append([numbered("commit.c", "p", 1)])).toMatchObject([{ kind: "accepted" }]);
  });
});

/** Numbers in [0, 1): a linear congruential generator is enough to choose places. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
}
