import { join } from "node:path";
import { enterPresence, httpPollingConnector, httpStreamConnector } from "@hawser/client";
import { tcpConnector } from "@hawser/client/node";
import type { Client } from "@hawser/client";
import { afterEach, describe, expect, it } from "vitest";
import { Cleanup, freePort, HawserProcess, run } from "../command/hawser-process.ts";
import { numbered, Reader } from "../moves/cluster.ts";
import { WorkerServer } from "./worker-server.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function publish(client: Client, name: string, channel: string, count: number): Promise<void> {
  await Promise.all(numbered(name, count).map((text) => client.channel(channel).publish(text)));
}

describe("hawser serve --workers", () => {
  it("spreads clients over all workers, which show them one order of a channel", async () => {
    const server = await WorkerServer.start(cleanup, 3);
    const clients = Array.from({ length: 12 }, (_, index) => server.client(`s${index}`));
    const readers = clients.map((client) => new Reader(client, "chat.all"));
    await Promise.all(readers.map(({ subscribed }) => subscribed));
    expect(await server.sessionsOfAll()).toBe(12);
    await Promise.all(clients.map((client, index) => publish(client, `s${index}`, "chat.all", 20)));
    await Promise.all(readers.map((reader) => reader.reached(240)));
    for (const reader of readers) {
      expect(reader.told).toEqual([]);
      expect(reader.placed).toEqual(readers[0]!.placed);
    }
    for (const index of clients.keys()) expect(readers[0]!.of(`s${index}`)).toEqual(numbered(`s${index}`, 20));
  });

  it("answers for all of them: /metrics, /readyz, who is in a channel, and a drain from outside", async () => {
    const server = await WorkerServer.start(cleanup, 2);
    const other = await WorkerServer.start(cleanup, 2);
    const clients = Array.from({ length: 6 }, (_, index) => server.client(`s${index}`));
    await Promise.all(clients.map((client) => client.channel("chat.drain").publish("here")));
    const metrics = await server.get("/metrics");
    expect(metrics.match(/^# TYPE hawser_sessions gauge$/gm)).toHaveLength(1);
    expect(metrics).toMatch(/^hawser_sessions\{worker="1"\} \d\nhawser_sessions\{worker="2"\} \d$/m);
    expect(metrics).toMatch(/^process_resident_memory_bytes\{worker="primary"\} \d+$/m);
    expect(metrics).toMatch(/^hawser_workers 2$/m);
    expect(await server.get("/readyz")).toBe("ready\n");
    const words = ["drain", "--url", server.url, "--to", other.url, "--over", "3s", "--deadline", "2s", "--json"];
    const { code, out } = await run(words, { folder: server.folder });
    expect(code).toBe(0);
    expect(out).toContain('{"type":"draining","total":6,"told":');
    expect(out).toContain('{"type":"drained","total":6,"told":6,"moved":6,"closed":0,"remaining":0}\n');
    expect(await server.get("/readyz")).toBe("not ready\n");
    expect(await other.sessionsOfAll()).toBe(6);
  });

  it("serves clients over HTTP whose requests reach any worker", async () => {
    const server = await WorkerServer.start(cleanup, 2, "--memory");
    const connectors = [httpStreamConnector, httpPollingConnector];
    const clients = Array.from({ length: 4 }, (_, index) =>
      server.client(`s${index}`, { connector: connectors[index % 2]!() }),
    );
    const readers = clients.map((client) => new Reader(client, "chat.http"));
    await Promise.all(readers.map(({ subscribed }) => subscribed));
    // One after the other: each is a request of its own.
    await Promise.all(
      clients.map(async (client, index) => {
        for (const text of numbered(`s${index}`, 10)) await client.channel("chat.http").publish(text);
      }),
    );
    await Promise.all(readers.map((reader) => reader.reached(40)));
    for (const reader of readers) {
      expect(reader.told).toEqual([]);
      expect(reader.placed).toEqual(readers[0]!.placed);
    }
    for (const index of clients.keys()) expect(readers[0]!.of(`s${index}`)).toEqual(numbered(`s${index}`, 10));
    const taken = await server.metric("hawser_connections_opened_total");
    expect(Object.values(taken).filter((count) => count > 0)).toHaveLength(2);
  });

  it("serves programs by TCP on all workers, too", async () => {
    const port = await freePort();
    const server = await WorkerServer.start(cleanup, 2, "--memory", "--tcp-port", String(port));
    const url = `tcp://127.0.0.1:${port}`;
    const clients = Array.from({ length: 6 }, (_, index) =>
      server.client(`s${index}`, { url, connector: tcpConnector() }),
    );
    const readers = clients.map((client) => new Reader(client, "chat.tcp"));
    await Promise.all(readers.map(({ subscribed }) => subscribed));
    expect(await server.sessionsOfAll()).toBe(6);
    await publish(clients[0]!, "s0", "chat.tcp", 20);
    await Promise.all(readers.map((reader) => reader.reached(20)));
    for (const reader of readers) expect(reader.of("s0")).toEqual(numbered("s0", 20));
  });

  it("uses the log of a log server with all workers, and goes on when that is back", async () => {
    const folder = cleanup.folder();
    const socket = join(folder, "log.sock");
    const openLog = async (): Promise<HawserProcess> => {
      const words = ["log", "--listen", `unix:${socket}`, "--data", join(folder, "data")];
      const log = cleanup.process(new HawserProcess(words, { folder }));
      await log.printed(/log is ready/);
      return log;
    };
    const log = await openLog();
    const server = await WorkerServer.start(cleanup, 2, "--log", `unix:${socket}`);
    const clients = Array.from({ length: 4 }, (_, index) => server.client(`s${index}`));
    const readers = clients.map((client) => new Reader(client, "chat.log"));
    await Promise.all(readers.map(({ subscribed }) => subscribed));
    expect(await server.sessionsOfAll()).toBe(4);
    await publish(clients[0]!, "a", "chat.log", 20);
    await log.stop("SIGKILL");
    await openLog();
    await publish(clients[1]!, "b", "chat.log", 20);
    await Promise.all(readers.map((reader) => reader.reached(40)));
    for (const reader of readers) {
      expect(reader.told).toEqual([]);
      expect(reader.placed).toEqual(readers[0]!.placed);
      expect([reader.of("a"), reader.of("b")]).toEqual([numbered("a", 20), numbered("b", 20)]);
    }
    expect(await server.get("/metrics")).toMatch(/^hawser_worker_starts_total 2$/m);
  });

  it("counts who is there over all workers", async () => {
    const server = await WorkerServer.start(cleanup, 2);
    const clients = Array.from({ length: 4 }, (_, index) => server.client(`s${index}`));
    await Promise.all(clients.map((client) => enterPresence(client.channel("chat.present")).entered));
    expect(await server.sessionsOfAll()).toBe(4);
    for (let asked = 0; asked < 2; asked += 1) {
      const { out } = await run(["who", "--url", server.url, "--count", "chat.present"]);
      expect(out).toBe("4\n");
    }
  });
});
