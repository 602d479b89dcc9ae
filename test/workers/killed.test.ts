import { connect } from "node:net";
import type { Socket } from "node:net";
import type { Client } from "@hawser/client";
import { afterEach, describe, expect, it } from "vitest";
import { Cleanup } from "../command/hawser-process.ts";
import { numbered, Reader } from "../moves/cluster.ts";
import { wholeLog } from "../support/clients.ts";
import { WorkerServer } from "./worker-server.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const sessions = 12;
const messages = 50;

/** Publishes one after the other, so that a kill is in the middle of it. */
async function publish(client: Client, name: string, channel: string): Promise<void> {
  for (const text of numbered(name, messages)) await client.channel(channel).publish(text);
}

describe("hawser serve --workers, when a process of it is killed", () => {
  it("loses, doubles and disorders nothing with a worker, whose sessions go on with the others", async () => {
    const server = await WorkerServer.start(cleanup, 2);
    const clients = Array.from({ length: sessions }, (_, index) => server.client(`s${index}`));
    const readers = clients.map((client) => new Reader(client, "chat.killed"));
    await Promise.all(readers.map(({ subscribed }) => subscribed));
    const publishing = clients.map((client, index) => publish(client, `s${index}`, "chat.killed"));
    for (const share of [0.25, 0.5]) {
      await readers[0]!.reached(sessions * messages * share);
      const { pids } = server;
      process.kill(pids[share === 0.25 ? 0 : 1]!, "SIGKILL");
      // One at a time: the other is taken when this one is back.
      await server.process.printed(
        new RegExp(`"a worker serves"(?:[^]*"a worker serves"){${share === 0.25 ? 2 : 3}}`),
        "stderr",
      );
    }
    await Promise.all(publishing);
    await Promise.all(readers.map((reader) => reader.reached(sessions * messages)));
    for (const reader of readers) {
      expect(reader.told).toEqual([]);
      expect(reader.placed).toEqual(readers[0]!.placed);
    }
    for (const index of clients.keys()) expect(readers[0]!.of(`s${index}`)).toEqual(numbered(`s${index}`, messages));
    expect(readers[0]!.messages).toHaveLength(sessions * messages);
    expect(await server.get("/metrics")).toMatch(/^hawser_worker_starts_total 4$/m);
  });

  it("leaves no connection without an answer that a worker was handed when it ended", async () => {
    const server = await WorkerServer.start(cleanup, 2, "--memory");
    const open = new Set<Socket>();
    let goesOn = true;
    const ask = (): void => {
      if (!goesOn) return;
      const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        ask();
      });
      socket.resume().write("GET /healthz HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n");
    };
    cleanup.add(() => open.forEach((socket) => socket.destroy()));
    for (let index = 0; index < 40; index += 1) ask();
    for (const killed of [0, 1]) {
      process.kill(server.pids[killed]!, "SIGKILL");
      await server.process.printed(new RegExp(`(?:"a worker serves"[^]*){${3 + killed}}`), "stderr");
    }
    goesOn = false;
    await expect.poll(() => open.size, { timeout: 10_000 }).toBe(0);
  });

  it("ends every worker at once with the primary, and has what was acknowledged when it is started again", async () => {
    const server = await WorkerServer.start(cleanup, 2);
    const clients = Array.from({ length: sessions }, (_, index) => server.client(`s${index}`));
    const readers = clients.map((client) => new Reader(client, "chat.primary"));
    await Promise.all(readers.map(({ subscribed }) => subscribed));
    const publishing = clients.map((client, index) => publish(client, `s${index}`, "chat.primary"));
    await readers[0]!.reached(sessions * messages * 0.3);
    const { pids } = server;
    await server.process.stop("SIGKILL");
    await server.ended(pids);
    await server.start();
    await Promise.all(publishing);
    await Promise.all(readers.map((reader) => reader.reached(sessions * messages)));
    for (const reader of readers) expect(reader.placed).toEqual(readers[0]!.placed);
    const log = await wholeLog(server.client("auditor").channel("chat.primary"));
    expect(log.map(({ position, data }) => [position.offset, data])).toEqual(readers[0]!.placed);
    for (const index of clients.keys()) expect(readers[0]!.of(`s${index}`)).toEqual(numbered(`s${index}`, messages));
  });
});
