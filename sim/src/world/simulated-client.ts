import { createClient, enterPresence, watchPresence } from "@hawser/client";
import type { Client, PresenceWatch, Publication, PublishOptions, StoredPosition, SubscribeFrom } from "@hawser/client";
import { jsonCodec, protobufCodec } from "@hawser/protocol";
import type { LedgerRow } from "../check/publish-ledger.ts";
import type { StreamCheck } from "../check/stream-check.ts";
import type { Process } from "../time/process.ts";
import { Reader } from "./reader.ts";
import type { ReadingStyle } from "./reader.ts";
import { tokenOf } from "./tokens.ts";
import type { World } from "./world.ts";

/** In which clients are members, in worlds with presence. */
export const presenceRoom = "room.0";

/** What an application keeps of a channel: where it stood. */
interface Saved {
  readonly position: StoredPosition;
  /** The checker that goes on, when nothing was read after the position was stored. */
  readonly check: StreamCheck | undefined;
}

/**
 * One application with one client: it publishes, subscribes and reads. It can be reloaded or crash; then a new client takes its
 * place, which goes on from the stored positions.
 */
export class SimulatedClient {
  readonly name: string;
  readonly user: string;
  readonly readers = new Map<string, Reader>();
  /** Channels that are not for this user, and that it tries to read. */
  readonly prying = new Set<string>();
  /** What it was told of others in the room, in worlds with presence. */
  readonly comings: string[] = [];
  readonly #world: World;
  /** What the application has stored, by channel. */
  readonly #saved = new Map<string, Saved>();
  #process: Process;
  #client: Client;
  #watch: PresenceWatch<string> | undefined;
  #life = 0;
  #published = 0;

  constructor(world: World, name: string, user: string) {
    this.#world = world;
    this.name = name;
    this.user = user;
    this.#process = this.#newProcess();
    this.#client = this.#connect();
  }

  /** Who it sees in the room, by what they show; `undefined` before it knows them. */
  get sees(): readonly string[] | undefined {
    const members = this.#watch?.members;
    return members && [...members.values()].map(({ state }) => state).toSorted();
  }

  get process(): Process {
    return this.#process;
  }

  get client(): Client {
    return this.#client;
  }

  /** The one outbox that this life of the application has. */
  get outbox(): string {
    return `${this.name}.${this.#life}`;
  }

  /** Publishes one message, and follows what becomes of it. */
  publish(
    channel: string,
    padding = 0,
    options: PublishOptions = {},
  ): { readonly row: LedgerRow; readonly publication: Publication } {
    const { ledger, trace, figures } = this.#world;
    this.#published += 1;
    const id = `${this.outbox}:${this.#published}`;
    const row = ledger.add({ id, channel, outbox: this.outbox, number: this.#published });
    const data = this.#world.isRestricted(channel)
      ? { id, only: channel, pad: "x".repeat(padding) }
      : { id, pad: "x".repeat(padding) };
    figures.published += 1;
    trace.note(`${this.outbox} publishes ${id} to ${channel}`);
    const publication = this.#client.channel(channel).publish(data, options);
    const process = this.#process;
    publication.then(
      ({ position }) => {
        // What a process that is gone was told does not count.
        if (!process.alive) return;
        row.outcome = { kind: "accepted", position };
        trace.note(`${id} is accepted at ${position?.offset}`);
      },
      (error) => {
        if (!process.alive) return;
        const { state } = publication;
        if (state === "unknown") row.outcome = { kind: "unknown" };
        else if (state === "cancelled") row.outcome = { kind: "cancelled" };
        else row.outcome = { kind: "rejected", code: error.code };
        trace.note(`${id} is ${state}: ${error.code}`);
      },
    );
    return { row, publication };
  }

  /**
   * Subscribes, if it has not yet. What was stored of the channel counts above `from`.
   *
   * @param channel - As the client names it: `$inbox` for the private one.
   */
  subscribe(channel: string, from: SubscribeFrom, style: ReadingStyle): Reader {
    const known = this.readers.get(channel);
    if (known !== undefined) return known;
    const { trace } = this.#world;
    const saved = this.#saved.get(channel);
    const start = saved?.position ?? from;
    const check = saved?.check ?? this.newCheck(channel, isPosition(start) ? start : undefined);
    this.#saved.delete(channel);
    if (saved !== undefined) this.#saved.set(channel, { position: saved.position, check: undefined });
    trace.note(
      `${this.outbox} subscribes to ${channel} from ${typeof start === "string" ? start : JSON.stringify(start)}`,
    );
    const reader = new Reader({
      world: this.#world,
      process: this.#process,
      label: `${this.outbox} on ${channel}`,
      subscription: this.#client.channel(channel).subscribe({ from: start }),
      check,
      last: typeof start === "object" && "last" in start ? start.last : 0,
      style,
      onEnded: () => {
        if (this.readers.get(channel) === reader) this.readers.delete(channel);
      },
    });
    this.readers.set(channel, reader);
    return reader;
  }

  /** Unsubscribes; with `keep` it will go on from there the next time, else it has no memory of the channel. */
  unsubscribe(channel: string, keep: boolean): void {
    const reader = this.readers.get(channel);
    if (reader === undefined) return;
    if (keep) this.#save(channel, reader, true);
    else this.#saved.delete(channel);
    this.#world.trace.note(`${this.outbox} unsubscribes from ${channel}`);
    void reader.subscription.close();
  }

  /** Stores all positions, as an application does from time to time. */
  save(): void {
    for (const [channel, reader] of this.readers) this.#save(channel, reader, false);
  }

  /** The page is loaded again: it stores its positions at the last moment, and loses everything else. */
  reload(): void {
    for (const [channel, reader] of this.readers) this.#save(channel, reader, true);
    this.#begin("reloads", false);
  }

  /** The process is killed: what it stored before is all that is left, and what came after that comes again. */
  crash(silent: boolean): void {
    this.#begin("crashes", silent);
  }

  /** A copy of what this one has stored, in a tab of its own. */
  duplicate(name: string): SimulatedClient {
    this.save();
    const copy = new SimulatedClient(this.#world, name, this.user);
    for (const [channel, { position }] of this.#saved) {
      copy.#saved.set(channel, { position, check: undefined });
    }
    for (const [channel, reader] of this.readers) copy.subscribe(channel, "now", reader.style);
    return copy;
  }

  /** Closes all subscriptions, for good. */
  leave(): void {
    for (const reader of this.readers.values()) void reader.subscription.close();
  }

  newCheck(channel: string, from: StoredPosition | undefined): StreamCheck {
    const name = channel === "$inbox" ? `$user.${this.user}` : channel;
    return this.#world.streamCheck(name, `${this.name} on ${channel}`, from);
  }

  /** @param last - nothing will be read after it, so that the checker can go on. */
  #save(channel: string, reader: Reader, last: boolean): void {
    const { position } = reader.subscription;
    if (position !== undefined)
      this.#saved.set(channel, { position, check: last && position.epoch > 0 ? reader.check : undefined });
  }

  #begin(what: string, silent: boolean): void {
    const { network, ledger, trace } = this.#world;
    const before = [...this.readers];
    trace.note(`${this.outbox} ${what}`);
    this.#process.kill();
    ledger.abandon(this.outbox);
    for (const connection of network.connections) {
      if (connection.client === this.#process) connection.cut(undefined, silent ? undefined : 5);
    }
    this.readers.clear();
    this.prying.clear();
    this.#process = this.#newProcess();
    this.#client = this.#connect();
    // One that had not begun yet has nothing stored, and begins again as it would have.
    for (const [channel, reader] of before)
      this.subscribe(channel, reader.last > 0 ? { last: reader.last } : "now", reader.style);
  }

  #newProcess(): Process {
    this.#life += 1;
    this.#published = 0;
    const process = this.#world.process(this.outbox);
    this.#world.belongsTo(process, this.user);
    return process;
  }

  #connect(): Client {
    const { options, network, time, hosts, random } = this.#world;
    const process = this.#process;
    const first = random.clients.integer(0, hosts.length - 1);
    const client = createClient({
      url: [...hosts.slice(first), ...hosts.slice(0, first)].map((host) => `ws://${host}`),
      token: () => this.#token(),
      codec: options.json ? jsonCodec : protobufCodec,
      connector: network.connector(process),
      ports: process.ports,
      pageLife: { listen: () => () => {} },
      backoff: { minMs: 200, maxMs: 5_000 },
      connectTimeoutMs: 4_000,
      windowBytes: options.windowBytes,
      connections: this.#world.connectionPlans,
      placement: (channel) => this.#world.placementOf(channel),
      stallAfterMs: options.stallAfterMs,
    });
    if (options.presence) {
      const room = client.channel(presenceRoom);
      enterPresence(room, this.outbox).entered.catch(() => {});
      this.#watch = watchPresence<string>(room);
      this.#watch.addEventListener("join", ({ member }) => this.comings.push(`${member.state} came`));
      this.#watch.addEventListener("leave", ({ member }) => this.comings.push(`${member.state} went`));
    }
    client.addEventListener("error", ({ error }) => {
      // A token that had expired on its way is the server's to refuse, and the client's to replace.
      this.#world.report("liveness", `${this.outbox} gives up: ${error.code}: ${error.message} at ${time.now}`);
    });
    return client;
  }

  /** Tokens live by the server's clock; now and then the application hands out one that is too old. */
  #token(): string {
    const { options, random, time, beginsAt, faults, healed } = this.#world;
    const { tokenLifeMs } = options;
    if (tokenLifeMs === 0) return tokenOf(this.user, undefined);
    const stale = !healed && random.clients.chance(0.05);
    if (stale) faults.add("token expired");
    return tokenOf(this.user, beginsAt + Math.floor(time.now) + (stale ? -1 : tokenLifeMs));
  }
}

function isPosition(from: SubscribeFrom): from is StoredPosition {
  return typeof from === "object" && "offset" in from;
}
