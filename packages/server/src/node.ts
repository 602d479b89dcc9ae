import type { Page } from "@hawser/log";
import { closeCodes, HawserError } from "@hawser/protocol";
import type { Payload, Position, Timer } from "@hawser/protocol";
import { boundedAuthorize } from "./auth/bounded-authorize.ts";
import { Connection } from "./connection/connection.ts";
import type { ConnectionHost } from "./connection/connection.ts";
import { inboxOf } from "./connection/rights.ts";
import { TurnTime } from "./connection/turn-time.ts";
import { SessionRates } from "./connection/session-rates.ts";
import { Cluster } from "./cluster/cluster.ts";
import { doubledOf } from "./cluster/spread.ts";
import type { Doubled } from "./cluster/spread.ts";
import { disconnectedByApplication } from "./cluster/disconnect-user.ts";
import { compressionOf } from "./delivery/compression.ts";
import { Channels } from "./delivery/channels.ts";
import { drainPlan } from "./drain/drain-options.ts";
import type { DrainOptions, DrainPlan } from "./drain/drain-options.ts";
import { Drain } from "./drain/drain.ts";
import type { DrainProgress } from "./drain/drain.ts";
import { readPage } from "./history/read-page.ts";
import type { PageRequest } from "./history/read-page.ts";
import type { NodeOptions } from "./node-options.ts";
import { Encodings } from "./node-services.ts";
import type { NodeServices } from "./node-services.ts";
import { NodePresence } from "./presence/node-presence.ts";
import type { Member } from "./presence/presence-book.ts";
import { Appender } from "./publish/appender.ts";
import { appendedOnce } from "./publish/append-once.ts";
import type { AppendedOnce } from "./publish/append-once.ts";
import { appendedPlain } from "./publish/plain-append.ts";
import type { PlainAppend } from "./publish/plain-append.ts";
import { LogRegister } from "./register/register.ts";
import type { OnRegistered, Register } from "./register/register.ts";
import type { Peer, Transport } from "./transport/transport.ts";

/** What the application says of a message that it publishes itself. */
export interface PublishOptions {
  /** Conflation key. Default none. */
  readonly key?: string;
  /** Shown to receivers as the publisher. Default none. */
  readonly publisher?: string;
}

type State =
  | { readonly kind: "new" | "open" }
  | { readonly kind: "draining"; readonly drain: Drain<Connection>; readonly drained: Promise<void> }
  | { readonly kind: "closed"; readonly drain: Drain<Connection> | undefined };

/**
 * One server process without its sockets: connections come in through `accept`, everything else through ports. The
 * simulator drives this class; `createServer` puts it behind a door.
 */
export class HawserNode {
  /** Its part in a cluster. */
  readonly cluster: Cluster<Connection>;
  readonly #services: NodeServices;
  readonly #connections = new Set<Connection>();
  /** Most users have one connection: a list of it takes a quarter of a set. */
  readonly #byUser = new Map<string, Connection[]>();
  readonly #host: ConnectionHost = {
    scheduleFlush: (connection) => this.#scheduleFlush(connection),
    onConnected: (connection, user) => this.#remember(connection, user),
    onClosed: (connection, user) => this.#forget(connection, user),
  };
  readonly #registers: LogRegister[] = [];
  #sessions = 0;
  readonly #turnTime = new TurnTime();
  #dirty: Connection[] = [];
  /** When the first of them was listed, in monotonic milliseconds. */
  #dirtyAt = 0;
  #state: State = { kind: "new" };
  #sweep: Timer | undefined;
  #opened: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(options: NodeOptions) {
    const { log, limits, observer, policyOf, clock, timers, authorize, logger } = options;
    const appender = new Appender({ log, clock, timers, observer });
    this.#services = {
      ...options,
      authorize: authorize && boundedAuthorize(authorize, { timers, logger, timeoutMs: limits.authorizeTimeoutMs }),
      calls: new Map(Object.entries(options.calls)),
      channels: new Channels({
        log,
        observer,
        policyOf,
        compression: compressionOf(options),
        maxTailBytes: limits.maxTailBytes,
        maxNodeTailBytes: limits.maxNodeTailBytes,
        tailIdleMs: limits.tailIdleMs,
      }),
      appender,
      presence: new NodePresence({ ...options, node: options.name, appender, times: limits }),
      encodings: new Encodings(),
      sessionRates: new SessionRates(limits, clock),
      now: () => clock.monotonic(),
      windowLimits: { floorBytes: limits.minUnconfirmedBytes, ceilingBytes: limits.maxUnconfirmedBytes },
      turnTime: this.#turnTime,
    };
    this.cluster = new Cluster(this.#services, options.cluster, this);
  }

  /** Whether it takes connections. */
  get ready(): boolean {
    return this.#state.kind === "open";
  }

  /** How far the drain is, or was; `undefined` before one began. */
  get draining(): DrainProgress | undefined {
    return "drain" in this.#state ? this.#state.drain?.progress : undefined;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Connections whose client is known, and that stay. */
  get sessions(): number {
    return this.#sessions;
  }

  /** Opens the log, and meets the other nodes. Rejects as `Log.open` does, and with `log-unavailable`. */
  async start(): Promise<void> {
    const { log, policyOf, clock, timers, random } = this.#services;
    this.#opened = log.open({ policyOf, clock, timers, random });
    await this.#opened;
    try {
      await this.cluster.start();
    } catch (error) {
      await this.close();
      throw error;
    }
    if (this.#state.kind !== "new") return;
    this.#state = { kind: "open" };
    this.#scheduleSweep();
  }

  /** Takes a connection whose transport is up. */
  accept(transport: Transport, peer: Peer): void {
    const { kind } = this.#state;
    if (kind !== "open" && !(kind === "draining" && peer.request === "brief")) {
      transport.close(closeCodes.goingAway, "This node takes no connections now.");
      return;
    }
    const connection = new Connection({
      services: this.#services,
      transport,
      peer,
      host: this.#host,
    });
    this.#connections.add(connection);
  }

  /**
   * Appends a message of the application's own to a channel.
   *
   * @throws HawserError `log-unavailable` (the outcome is open), `log-full`.
   */
  publish(channel: string, payload: Payload, options: PublishOptions = {}): Promise<Position> {
    return this.append({ ...options, channel, payload });
  }

  /** Appends a message to the private inbox of a user; errors as with `publish`. */
  sendToUser(user: string, payload: Payload, options: PublishOptions = {}): Promise<Position> {
    return this.publish(inboxOf(user), payload, options);
  }

  /** Appends what was judged already; errors as with `publish`. */
  append(append: PlainAppend): Promise<Position> {
    return appendedPlain(this.#services.appender, append);
  }

  /** Appends it unless the channel has one of that producer already; errors as with `publish`. */
  appendOnce(append: PlainAppend, producer: string): Promise<AppendedOnce> {
    return appendedOnce(this.#services.appender, append, producer);
  }

  /**
   * A page of a channel's history.
   *
   * @throws HawserError `epoch-unknown`, `log-unavailable`.
   */
  history(channel: string, request: PageRequest): Promise<Page> {
    const { log, limits } = this.#services;
    return readPage(log, channel, request, limits);
  }

  /** Facts that all nodes of the log know; what it holds is told before it resolves. Rejects with `log-unavailable`. */
  async openRegister(name: string, onChange: OnRegistered): Promise<Register> {
    const register = new LogRegister({ ...this.#services, name, onChange });
    this.#registers.push(register);
    await register.open();
    return register;
  }

  /** The members of a channel now. Rejects with `log-unavailable`. */
  async members(channel: string): Promise<Member[]> {
    const { book } = await this.#services.presence.open(channel);
    return [...book.members()];
  }

  /** Ends the connections of a user on this node; they do not come back by themselves. Returns how many there were. */
  disconnectUser(user: string, reason = disconnectedByApplication): number {
    const connections = [...(this.#byUser.get(user) ?? [])];
    for (const connection of connections) connection.end(new HawserError("disconnected", reason));
    return connections.length;
  }

  /** The connections of sessions, those that came first ahead. */
  *movable(): Iterable<Connection> {
    for (const connection of this.#connections)
      if (connection.user !== undefined && !connection.brief) yield connection;
  }

  /** The connections of each session behind its first one. */
  *doubled(): Iterable<Doubled<Connection>> {
    for (const connections of this.#byUser.values()) if (connections.length > 1) yield* doubledOf(connections);
  }

  /** Asks anew what a user may do, and ends what he may no longer read. */
  async refresh(user: string): Promise<void> {
    await Promise.all([...(this.#byUser.get(user) ?? [])].map((connection) => connection.refresh()));
  }

  /**
   * Takes no new connections, and asks those that there are to move (CON-12), as the options say; each that stays is closed at
   * its deadline. Called again, it gives another plan to those who were not asked yet. Resolves when all are gone.
   *
   * @throws HawserError `option-invalid`
   */
  drain(options: DrainOptions = {}): Promise<void> {
    const plan = drainPlan(options);
    const state = this.#state;
    if (state.kind === "open") return this.#drain(plan);
    if (state.kind !== "draining") return Promise.resolve();
    state.drain.replan(plan);
    void this.#services.sockets?.drain(plan.overMs);
    return state.drained;
  }

  /** Ends every connection, waits for appends under way, closes the log. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #drain(plan: DrainPlan): Promise<void> {
    const { clock, timers, observer, logger } = this.#services;
    const begun = clock.monotonic();
    const connections = [...this.#connections].filter(({ brief }) => !brief);
    logger.info({ connections: connections.length, ...plan }, "draining");
    observer.draining();
    let done = (): void => {};
    const moved = new Promise<void>((resolve) => (done = resolve));
    const drained = Promise.all([moved, this.#services.sockets?.drain(plan.overMs)]).then(() => {});
    const drain = new Drain(
      {
        clock,
        timers,
        connections,
        onMove: (event) => observer.move(event),
        onDone: () => {
          const { moved, closed } = drain.progress;
          logger.info({ moved, closed, elapsedMs: Math.round(clock.monotonic() - begun) }, "drained");
          done();
        },
      },
      plan,
    );
    this.#state = { kind: "draining", drain, drained };
    this.cluster.drain();
    drain.start();
    return drained;
  }

  async #close(): Promise<void> {
    this.#state = { kind: "closed", drain: this.#state.kind === "draining" ? this.#state.drain : undefined };
    this.#sweep?.cancel();
    this.#services.sockets?.close();
    this.#shutDownAll();
    // A log that is still being opened would stay open: whoever opens it is told of what goes wrong.
    await this.#opened.catch(() => {});
    this.cluster.close();
    for (const register of this.#registers) register.close();
    this.#services.presence.close();
    await this.#services.appender.settle();
    this.#services.channels.close();
    await this.#services.log.close();
  }

  #shutDownAll(): void {
    for (const connection of this.#connections) connection.shutDown();
  }

  #scheduleFlush(connection: Connection): void {
    this.#dirty.push(connection);
    if (this.#dirty.length > 1) return;
    this.#dirtyAt = this.#services.now();
    this.#services.timers.soon(() => this.#flush());
  }

  #flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    const beganAt = this.#dirtyAt;
    for (const connection of dirty) connection.flush();
    this.#turnTime.passed(beganAt, this.#services.now());
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
      this.#services.channels.sweep(now);
      this.#services.presence.sweep();
      this.#services.sessionRates.sweep();
      this.#scheduleSweep();
    });
  }

  #remember(connection: Connection, user: string): void {
    if (!connection.brief) this.#sessions += 1;
    const connections = this.#byUser.get(user);
    if (connections === undefined) this.#byUser.set(user, [connection]);
    else connections.push(connection);
  }

  #forget(connection: Connection, user: string | undefined): void {
    this.#connections.delete(connection);
    if (user !== undefined && !connection.brief) this.#sessions -= 1;
    const connections = user === undefined ? undefined : this.#byUser.get(user);
    if (connections?.length === 1) this.#byUser.delete(user!);
    else connections?.splice(connections.indexOf(connection), 1);
    this.cluster.forget(connection);
    if ("drain" in this.#state) this.#state.drain?.forget(connection);
  }
}
