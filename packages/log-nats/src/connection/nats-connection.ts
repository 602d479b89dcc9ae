import { readFile } from "node:fs/promises";
import type { BrokerPorts } from "@hawser/log/broker";
import { HawserError } from "@hawser/protocol";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import { connect, credsAuthenticator } from "@nats-io/transport-node";
import type { NatsConnection, NodeConnectionOptions } from "@nats-io/transport-node";
import type { NatsSettings } from "../nats-options.ts";
import { AcknowledgedPublisher } from "./acknowledged-publisher.ts";
import { ReconnectPause } from "./reconnect-pause.ts";

/** A connection that is silent for twice as long is given up. */
const pingIntervalMs = 5_000;

/**
 * One connection to NATS, for all partitions. The client connects again by itself; what it must not do is to keep what is
 * sent meanwhile, since the log sends it again: so nothing is sent while it is not connected.
 */
export class Connection {
  readonly nats: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly publisher: AcknowledgedPublisher;
  readonly requestTimeoutMs: number;
  readonly #ports: BrokerPorts;
  readonly #onDown = new Set<() => void>();
  readonly #waiting = new Set<() => void>();
  readonly #pause: ReconnectPause;
  #up = true;
  #closed = false;

  private constructor(
    nats: NatsConnection,
    manager: JetStreamManager,
    requestTimeoutMs: number,
    ports: BrokerPorts,
    pause: ReconnectPause,
  ) {
    this.nats = nats;
    this.manager = manager;
    this.client = jetstream(nats, { timeout: requestTimeoutMs });
    this.publisher = new AcknowledgedPublisher(nats, ports.timers, requestTimeoutMs);
    this.requestTimeoutMs = requestTimeoutMs;
    this.#ports = ports;
    this.#pause = pause;
    void this.#watch();
  }

  /** Throws `log-unavailable` when NATS does not answer, refuses, or has no JetStream. */
  static async open(settings: NatsSettings, ports: BrokerPorts): Promise<Connection> {
    const pause = new ReconnectPause(settings.maxReconnectMs, ports);
    let nats: NatsConnection | undefined;
    try {
      nats = await connect({ ...(await connectionOptions(settings)), reconnectDelayHandler: () => pause.ms });
      const manager = await jetstreamManager(nats, { timeout: settings.requestTimeoutMs });
      return new Connection(nats, manager, settings.requestTimeoutMs, ports, pause);
    } catch (cause) {
      await nats?.close();
      throw unavailable(`NATS at ${String(settings.servers ?? "127.0.0.1:4222")}`, cause);
    }
  }

  /** Whether requests can be sent. */
  get isUp(): boolean {
    return this.#up;
  }

  /**
   * What is asked for. Rejects with `log-unavailable` when that fails, and at once when the connection is not there, or is
   * lost meanwhile: the client would send it when it is there again, or wait for an answer that nobody gives.
   */
  async ask<Answer>(what: string, request: () => Promise<Answer>): Promise<Answer> {
    if (!this.#up) throw lost();
    let forget = (): void => {};
    try {
      return await new Promise<Answer>((resolve, reject) => {
        forget = this.onDown(() => reject(lost()));
        request().then(resolve, reject);
      });
    } catch (error) {
      throw error instanceof HawserError ? error : unavailable(what, error);
    } finally {
      forget();
    }
  }

  /** Calls back each time that the connection is lost, until the function that is returned is called. */
  onDown(listener: () => void): () => void {
    this.#onDown.add(listener);
    return () => this.#onDown.delete(listener);
  }

  /** Resolves when it is connected. Rejects with `log-unavailable` when it is not in time. */
  async up(withinMs: number): Promise<void> {
    if (this.#up) return;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        timer.cancel();
        this.#waiting.delete(settle);
        resolve();
      };
      const timer = this.#ports.timers.after(withinMs, settle);
      this.#waiting.add(settle);
    });
    if (!this.#up) throw lost();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.publisher.close();
    await this.nats.close();
    this.#lost();
    for (const settle of this.#waiting) settle();
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.nats.status()) {
      if (type === "disconnect") this.#lost();
      if (type === "reconnect") this.#regained();
    }
  }

  #lost(): void {
    this.#up = false;
    this.#pause.began();
    for (const listener of this.#onDown) listener();
  }

  #regained(): void {
    if (this.#closed) return;
    this.#pause.ended();
    this.#up = true;
    for (const settle of this.#waiting) settle();
  }
}

/** The error of a broker that does not do what it was asked. */
export function unavailable(what: string, cause: unknown): HawserError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new HawserError("log-unavailable", `${what}: ${why}`, { retry: true, cause });
}

function lost(): HawserError {
  return unavailable("NATS", "the connection is lost");
}

async function connectionOptions(settings: NatsSettings): Promise<NodeConnectionOptions> {
  const { servers, user, pass, token, credentialsFile, authenticator, tls, name, connectTimeoutMs } = settings;
  const proof =
    credentialsFile === undefined ? authenticator : credsAuthenticator(new Uint8Array(await readFile(credentialsFile)));
  return {
    name,
    timeout: connectTimeoutMs,
    maxReconnectAttempts: -1,
    // What is wrong with an account may be mended: the log resumes by itself.
    ignoreAuthErrorAbort: true,
    pingInterval: pingIntervalMs,
    maxPingOut: 2,
    noAsyncTraces: true,
    ...(servers === undefined ? {} : { servers: typeof servers === "string" ? servers : [...servers] }),
    ...(user === undefined ? {} : { user }),
    ...(pass === undefined ? {} : { pass }),
    ...(token === undefined ? {} : { token }),
    ...(proof === undefined ? {} : { authenticator: proof }),
    ...(tls === undefined ? {} : { tls }),
  };
}
