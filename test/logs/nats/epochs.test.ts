import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Log } from "@hawser/log";
import { jetstreamManager } from "@nats-io/jetstream";
import type { JetStreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { Program } from "../support/start-program.ts";
import { follow, openNatsLog, plain, textOf, until } from "./nats-log.ts";
import type { Followed } from "./nats-log.ts";
import { isRemoved, startNats, withoutNats } from "./nats-server.ts";

const wide = { maxCount: 1_000_000, maxBytes: 1e9 };

describe.skipIf(withoutNats)("nodes that run on a stream of NATS", () => {
  let nats: Program;
  let stream = "";
  let logs: readonly Log[] = [];
  let followed: readonly Followed[] = [];
  let epoch = 0;
  let count = 0;

  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(() => nats?.remove());
  beforeEach(async () => {
    stream = `epochs${(count += 1)}`;
    logs = await Promise.all([openNatsLog(nats.port, { stream }), openNatsLog(nats.port, { stream })]);
    followed = await Promise.all(logs.map((log) => follow(log, "a")));
    await append("1", "2", "3");
    await until(() => followed.every(({ texts }) => texts.length === 3));
    ({ epoch } = await logs[0]!.head("a"));
  });

  async function append(...texts: string[]): Promise<void> {
    for (const text of texts) {
      let kind = "";
      while (kind !== "accepted") kind = (await logs[0]!.append([plain("a", text)]))[0]!.kind;
    }
  }

  /** An operator's own connection. */
  async function operator(): Promise<JetStreamManager> {
    const bare = await connect({ port: nats.port });
    onTestFinished(() => bare.close());
    return jetstreamManager(bare);
  }

  /** Deletes it and makes another one of its name. */
  async function makeAgain(): Promise<void> {
    const { streams } = await operator();
    const { config } = await streams.info(`${stream}_0`);
    await streams.delete(`${stream}_0`);
    await isRemoved(nats, `${stream}_0`);
    await streams.add(config);
  }

  /** Nobody asks for anything: the followers alone have to be told. */
  async function toldEpoch(): Promise<number> {
    await until(() => followed.every(({ heads }) => heads.length > 0));
    const epochs = new Set(followed.map(({ heads }) => heads.at(-1)!.epoch));
    expect(epochs.size).toBe(1);
    return [...epochs][0]!;
  }

  /** What the other node has last after one more was appended. */
  async function last(): Promise<string> {
    await append("new");
    await until(() => followed.every(({ texts }) => texts.at(-1) === "new"));
    return textOf((await logs[1]!.read("a", 0, wide)).entries.at(-1)!);
  }

  it("are in a new epoch when it was deleted", async () => {
    await (await operator()).streams.delete(`${stream}_0`);
    expect(await toldEpoch()).toBeGreaterThan(epoch);
    expect(await last()).toBe("new");
  });

  it("are in a new epoch when it was deleted and made again", async () => {
    await makeAgain();
    expect(await toldEpoch()).toBeGreaterThan(epoch);
    expect(await last()).toBe("new");
  });

  it("are in a new epoch when it was deleted, made again and grew as far", async () => {
    await makeAgain();
    const other = await openNatsLog(nats.port, { stream });
    await other.append(Array.from({ length: 10 }, (_, index) => plain("a", `other ${index}`)));
    expect(await toldEpoch()).toBeGreaterThan(epoch);
    expect(await last()).toBe("new");
  });

  it.each(["", " and another node has written before they were back"])(
    "are in a new epoch when the server was put back from a copy%s",
    async (other) => {
      const [kept, copy] = [join(nats.folder, "jetstream"), join(nats.folder, "copy")];
      await nats.stop();
      await cp(kept, copy, { recursive: true });
      await nats.start();
      await append("4", "5", "6");
      await until(() => followed.every(({ texts }) => texts.length === 6));
      await nats.kill();
      await rm(kept, { recursive: true });
      await cp(copy, kept, { recursive: true });
      await nats.start();
      if (other !== "") {
        const first = await openNatsLog(nats.port, { stream });
        await first.append(Array.from({ length: 10 }, (_, index) => plain("a", `other ${index}`)));
      }
      expect(await toldEpoch()).toBeGreaterThan(epoch);
      expect(await last()).toBe("new");
    },
  );

  it("are told of what a purge took, and go on", async () => {
    await (await operator()).streams.purge(`${stream}_0`);
    await until(() => followed.every(({ floors }) => floors.some((floor) => floor >= 4)));
    expect(await last()).toBe("new");
  });
});
