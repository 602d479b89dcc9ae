import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { enterPresence } from "@hawser/client";
import { afterEach, describe, expect, it } from "vitest";
import { Cleanup, freePort, HawserProcess, serve } from "../command/hawser-process.ts";
import { connect } from "../support/clients.ts";

const config = fileURLToPath(new URL("../support/cluster.config.ts", import.meta.url));
const key = "a-key-of-the-tests-of-the-cluster-0";

/** However slow the machine is. */
const patiently = { timeout: 20_000, interval: 20 };

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

describe("a node that is killed", () => {
  it("is noticed by the others, who are asked over HTTP, and its members go with it", { timeout: 60_000 }, async () => {
    const folder = cleanup.folder();
    const keys = join(folder, "keys.json");
    await writeFile(keys, JSON.stringify([{ name: "tests", key }]));
    const place = `tcp:127.0.0.1:${await freePort()}`;
    const log = cleanup.process(new HawserProcess(["log", "--listen", place, "--log-level", "warn"], { folder }));
    await log.printed(/log is ready/);
    const node = async () => {
      const port = String(await freePort());
      const address = `ws://127.0.0.1:${port}/hawser`;
      const words = ["--port", port, "--no-page", "--log", place, "--log-level", "warn", "--config", config];
      const { server, url } = await serve([...words, "--address", address, "--api-key-file", keys], { folder });
      return { process: cleanup.process(server), url };
    };
    const [first, second] = [await node(), await node()];
    const ask = async (path: string): Promise<Record<string, unknown>> => {
      const answer = await fetch(`${first.url.replace("ws", "http")}/api/v1/${path}`, {
        headers: { authorization: `Bearer ${key}` },
      });
      return (await answer.json()) as Record<string, unknown>;
    };
    const addresses = async (): Promise<readonly unknown[]> =>
      ((await ask("nodes"))["nodes"] as { endpoints: string[] }[]).flatMap(({ endpoints }) => endpoints).toSorted();
    await expect.poll(addresses, patiently).toEqual([first.url, second.url].toSorted());
    const [ann, bob] = [connect(first.url, "ann"), connect(second.url, "bob")];
    cleanup.add(() => Promise.all([ann.close(), bob.close()]));
    await Promise.all([ann, bob].map((client) => enterPresence(client.channel("room.one")).entered));
    await expect.poll(() => ask("channels/room.one/presence"), patiently).toMatchObject({ count: 2 });

    await second.process.stop("SIGKILL");
    await expect.poll(addresses, patiently).toEqual([first.url]);
    await expect
      .poll(() => ask("channels/room.one/presence"), patiently)
      .toMatchObject({ count: 1, members: [{ user: "ann" }] });
  });
});
