import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "@hawser/client";
import { memoryLog } from "@hawser/log";
import type { Log } from "@hawser/log";
import { remoteLog, serveLog } from "@hawser/log-server";
import type { LogServer } from "@hawser/log-server";
import { systemPorts } from "@hawser/protocol";
import { anonymous, channelPolicies, createServer, defaultLimits, silentLogger } from "@hawser/server";
import type { HawserServer, ServerOptions } from "@hawser/server";
import { freePort } from "../command/hawser-process.ts";
import { connect } from "../support/clients.ts";

/** Nodes in this process that share a log over a socket, and their clients. */
export class Nodes {
  readonly #folder: string;
  readonly #log: Log;
  readonly #logServer: LogServer;
  readonly #servers: HawserServer[] = [];
  readonly #clients: Client[] = [];

  private constructor(folder: string, log: Log, logServer: LogServer) {
    this.#folder = folder;
    this.#log = log;
    this.#logServer = logServer;
  }

  static async open(): Promise<Nodes> {
    const folder = await mkdtemp(join(tmpdir(), "hawser-cluster-"));
    const log = memoryLog();
    const policyOf = channelPolicies(
      [{ pattern: "**", durability: "memory" }],
      log.capabilities,
      defaultLimits.maxMessageBytes,
    );
    await log.open({ policyOf, ...systemPorts() });
    return new Nodes(folder, log, await serveLog({ log, socket: join(folder, "log.sock") }));
  }

  /** One more, whose beats are quick. */
  async add(more: Partial<ServerOptions> = {}): Promise<HawserServer> {
    const port = await freePort();
    const server = createServer({
      log: remoteLog({ socket: join(this.#folder, "log.sock"), capabilities: this.#log.capabilities }),
      authenticate: anonymous({ allowNames: true }),
      port,
      host: "127.0.0.1",
      logger: silentLogger,
      channels: [{ pattern: "**", durability: "memory" }],
      cluster: {
        endpoints: [`ws://127.0.0.1:${port}/hawser`],
        rebalance: { tolerancePercent: 5, maxMovesPerSecond: 200 },
      },
      limits: { clusterBeatMs: 200, clusterJitterMs: 50, clusterTimeoutMs: 2_000 },
      ...more,
    });
    this.#servers.push(server);
    await server.listen();
    return server;
  }

  client(server: HawserServer, name: string): Client {
    const client = connect(server.url, name);
    this.#clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await Promise.all(this.#servers.map((server) => server.close()));
    await this.#logServer.close();
    await this.#log.close();
    await rm(this.#folder, { recursive: true });
  }
}
