import type { Socket } from "node:net";
import { pairedConnector, remoteLog } from "@hawser/log-server";
import { createServer } from "@hawser/server";
import type { DrainOptions, HawserServer } from "@hawser/server";
import { loadConfigFile, noConfigFile } from "../configuration/config-file.ts";
import { socketAddressOf } from "../configuration/log-address.ts";
import { withFields } from "../output/with-fields.ts";
import { listen } from "../serve/listen.ts";
import { loggerOf, serverOptions } from "../serve/server-options.ts";
import type { World } from "../world.ts";
import { Conversation } from "./conversation.ts";
import type { MessagePort } from "./conversation.ts";
import type { PrimarySide, Reachable, WorkerPlan, WorkerSide } from "./worker-contract.ts";

export interface WorkerOptions {
  /** To the primary. */
  readonly port: MessagePort;
  /** Opens the pipe to the log that the primary keeps. */
  readonly openLogPipe: () => Socket;
  readonly world: Pick<World, "stderr" | "environment" | "folder">;
  /** The log that the primary keeps cannot be reached any more: this worker is of no use. */
  readonly onLogLost: () => void;
}

/** One event loop that serves clients: a server that does what the primary asks for. */
export class Worker implements WorkerSide {
  readonly #options: WorkerOptions;
  readonly #conversation: Conversation<WorkerSide, PrimarySide>;
  #server: HawserServer | undefined;
  #drained: Promise<void> = Promise.resolve();

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#conversation = new Conversation(options.port, this.#answers());
    void this.#conversation.ask("here", null);
  }

  async start(plan: WorkerPlan): Promise<Reachable> {
    const { settings } = plan;
    const { world } = this.#options;
    const file =
      plan.configPath === null ? noConfigFile(world.folder) : await loadConfigFile(world.folder, plan.configPath);
    const server = createServer({
      ...serverOptions(settings, file, world, {
        log: this.#logOf(plan),
        keptSecret: plan.keptSecret ?? undefined,
      }),
      name: plan.name,
      logger: withFields(loggerOf(settings.logLevel.value, world), { worker: plan.number }),
      secret: plan.grantSecret,
      metricLabels: { worker: String(plan.number) },
      group: {
        metrics: () => this.#conversation.ask("metrics", null),
        drain: async (options) => void (await this.#conversation.ask("drain", options)),
        draining: async () => (await this.#conversation.ask("draining", null)) ?? undefined,
      },
    });
    this.#server = server;
    await listen(server, settings);
    if (plan.drain !== null) this.drain(plan.drain);
    return { url: server.url, tcpUrl: settings.tcpPort.value === undefined ? null : server.tcpUrl };
  }

  metrics(): Promise<string> {
    return this.#started.metrics();
  }

  connections(): number {
    return this.#started.connections;
  }

  draining(): ReturnType<WorkerSide["draining"]> {
    return this.#started.draining ?? null;
  }

  drain(options: DrainOptions): null {
    this.#drained = this.#started.drain(options);
    // Who waits for it is told.
    this.#drained.catch(() => {});
    return null;
  }

  async drained(): Promise<null> {
    await this.#drained;
    return null;
  }

  async close(): Promise<null> {
    await this.#started.close();
    return null;
  }

  get #started(): HawserServer {
    if (this.#server === undefined) throw new Error("the worker was not started");
    return this.#server;
  }

  #logOf({ log, settings }: WorkerPlan): ReturnType<typeof remoteLog> {
    if (log === null) return remoteLog({ socket: socketAddressOf(settings.log.value ?? "") });
    const { openLogPipe, onLogLost } = this.#options;
    return remoteLog({
      connector: pairedConnector(openLogPipe(), onLogLost),
      capabilities: log,
      connectTimeoutMs: patienceMs,
      openTimeoutMs: patienceMs,
      heartbeatMs: patienceMs,
    });
  }

  #answers(): WorkerSide {
    return {
      start: (plan) => this.start(plan),
      metrics: () => this.metrics(),
      connections: () => this.connections(),
      draining: () => this.draining(),
      drain: (options) => this.drain(options),
      drained: () => this.drained(),
      close: () => this.close(),
    };
  }
}

/** Whoever holds the other end of the pipe and lives will answer: an end is told by the pipe, not by the time. */
const patienceMs = 2 ** 31 - 1;
