import { closeCodes, HawserError } from "@hawser/protocol";
import type { Payload, Position, Timer } from "@hawser/protocol";
import { Connection } from "./connection/connection.ts";
import { inboxOf } from "./connection/rights.ts";
import { Channels } from "./delivery/channels.ts";
import type { NodeOptions } from "./node-options.ts";
import { Encodings } from "./node-services.ts";
import type { NodeServices } from "./node-services.ts";
import { Appender } from "./publish/appender.ts";
import type { Peer, Transport } from "./transport/transport.ts";

/** What the application says of a message that it publishes itself. */
export interface PublishOptions {
  /** Conflation key. Default none. */
  readonly key?: string;
  /** Shown to receivers as the publisher. Default none. */
  readonly publisher?: string;
}

type State = "new" | "open" | "draining" | "closed";

/**
 * One server process without its sockets: connections come in through `accept`, everything else through ports. The
 * simulator drives this class; `createServer` puts it behind a door.
 */
export class HawserNode {
  readonly #services: NodeServices;
  readonly #connections = new Set<Connection>();
  readonly #byUser = new Map<string, Set<Connection>>();
  #dirty: Connection[] = [];
  #state: State = "new";
  #sweep: Timer | undefined;
  /** While draining: the last connection has gone. */
  #onEmpty: (() => void) | undefined;
  #opened: Promise<void> = Promise.resolve();
  #drained: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(options: NodeOptions) {
    const { log, limits, observer, clock, timers } = options;
    this.#services = {
      ...options,
      calls: new Map(Object.entries(options.calls)),
      channels: new Channels({
        log,
        observer,
        maxTailBytes: limits.maxTailBytes,
        maxNodeTailBytes: limits.maxNodeTailBytes,
      }),
      appender: new Appender({ log, clock, timers, observer }),
      encodings: new Encodings(),
    };
  }

  /** Whether it takes connections. */
  get ready(): boolean {
    return this.#state === "open";
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Opens the log. Rejects as `Log.open` does. */
  async start(): Promise<void> {
    const { log, policyOf, clock, timers, random } = this.#services;
    this.#opened = log.open({ policyOf, clock, timers, random });
    await this.#opened;
    if (this.#state !== "new") return;
    this.#state = "open";
    this.#scheduleSweep();
  }

  /** Takes a connection whose transport is up. */
  accept(transport: Transport, peer: Peer): void {
    if (this.#state !== "open") {
      transport.close(closeCodes.goingAway, "This node takes no connections now.");
      return;
    }
    const connection = new Connection({
      services: this.#services,
      transport,
      peer,
      scheduleFlush: (dirty) => this.#scheduleFlush(dirty),
      onConnected: (connected, user) => this.#remember(connected, user),
      onClosed: (closed, user) => this.#forget(closed, user),
    });
    this.#connections.add(connection);
  }

  /**
   * Appends a message of the application's own to a channel.
   *
   * @throws HawserError `log-unavailable` (the outcome is open), `log-full`.
   */
  publish(channel: string, payload: Payload, options: PublishOptions = {}): Promise<Position> {
    return new Promise((resolve, reject) => {
      const { key = "", publisher = "" } = options;
      this.#services.appender.add(
        { channel, producer: "", sequence: 0, previous: 0, payload, key, publisher },
        (outcome) => {
          if (outcome.kind === "accepted") resolve({ epoch: outcome.epoch, offset: outcome.offset });
          else if (outcome.kind === "failed") reject(new HawserError(outcome.code, outcome.message, { retry: true }));
          else reject(new HawserError("internal", `The log answered ${outcome.kind} to a publish without a producer.`));
        },
      );
    });
  }

  /** Appends a message to the private inbox of a user; errors as with `publish`. */
  sendToUser(user: string, payload: Payload, options: PublishOptions = {}): Promise<Position> {
    return this.publish(inboxOf(user), payload, options);
  }

  /** Ends the connections of a user on this node; they do not come back by themselves. Returns how many there were. */
  disconnectUser(user: string, reason = "The application ended this session."): number {
    const connections = [...(this.#byUser.get(user) ?? [])];
    for (const connection of connections) connection.end(new HawserError("disconnected", reason));
    return connections.length;
  }

  /** Asks anew what a user may do, and ends what he may no longer read. */
  async refresh(user: string): Promise<void> {
    await Promise.all([...(this.#byUser.get(user) ?? [])].map((connection) => connection.refresh()));
  }

  /**
   * Takes no new connections, and asks each to move, evenly over `overMs`; then closes those that stayed. Resolves
   * when all are gone.
   */
  drain(overMs: number): Promise<void> {
    if (this.#state === "open") this.#drained = this.#drain(overMs);
    return this.#drained;
  }

  /** Ends every connection, waits for appends under way, closes the log. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #drain(overMs: number): Promise<void> {
    this.#state = "draining";
    const connections = [...this.#connections];
    if (connections.length === 0) return Promise.resolve();
    const { timers } = this.#services;
    const due = connections.map((connection, index) => {
      const inMs = Math.floor((overMs * index) / connections.length);
      return timers.after(inMs, () => connection.move(overMs - inMs, 0, "This node shuts down."));
    });
    due.push(timers.after(overMs, () => this.#shutDownAll()));
    return new Promise((resolve) => {
      this.#onEmpty = () => {
        for (const timer of due) timer.cancel();
        resolve();
      };
    });
  }

  async #close(): Promise<void> {
    this.#state = "closed";
    this.#sweep?.cancel();
    this.#shutDownAll();
    // A log that is still being opened would stay open: whoever opens it is told of what goes wrong.
    await this.#opened.catch(() => {});
    await this.#services.appender.settle();
    this.#services.channels.close();
    await this.#services.log.close();
  }

  #shutDownAll(): void {
    for (const connection of this.#connections) connection.shutDown();
  }

  #scheduleFlush(connection: Connection): void {
    this.#dirty.push(connection);
    if (this.#dirty.length === 1) this.#services.timers.soon(() => this.#flush());
  }

  #flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const connection of dirty) connection.flush();
  }

  /** One timer for all that is due by the clock: heartbeats, time-outs, expiry, idle batches, idle channels. */
  #scheduleSweep(): void {
    const { limits, timers, clock } = this.#services;
    const shortest = Math.min(limits.heartbeatMs, limits.connectTimeoutMs, limits.idleBatchMs);
    this.#sweep = timers.after(Math.max(10, Math.min(shortest / 4, 1_000)), () => {
      const now = clock.monotonic();
      let unconfirmedBytes = 0;
      for (const connection of this.#connections) {
        connection.sweep(now);
        unconfirmedBytes += connection.unconfirmedBytes;
      }
      this.#services.observer.unconfirmed(unconfirmedBytes);
      this.#services.channels.sweep();
      this.#scheduleSweep();
    });
  }

  #remember(connection: Connection, user: string): void {
    const connections = this.#byUser.get(user);
    if (connections === undefined) this.#byUser.set(user, new Set([connection]));
    else connections.add(connection);
  }

  #forget(connection: Connection, user: string | undefined): void {
    this.#connections.delete(connection);
    const connections = user === undefined ? undefined : this.#byUser.get(user);
    connections?.delete(connection);
    if (user !== undefined && connections?.size === 0) this.#byUser.delete(user);
    if (this.#connections.size === 0) this.#onEmpty?.();
  }
}
