import type { Log } from "@hawser/log";
import { HawserError } from "@hawser/protocol";
import type { Clock, Payload, Random, Timer, Timers } from "@hawser/protocol";
import type { NodeObserver } from "../observe/observer.ts";
import type { ChannelPolicy } from "../policy/channel-policy.ts";
import type { Appender } from "../publish/appender.ts";
import { appendedPlain } from "../publish/plain-append.ts";
import { ControlReader } from "./control-reader.ts";
import { PresenceChannel } from "./presence-channel.ts";
import type { PresenceTimes } from "./presence-channel.ts";
import { checkPresenceChannel, rosterChannel } from "./presence-names.ts";
import { decodeRoster, encodeRoster } from "./presence-record.ts";
import type { RosterRecord } from "./presence-record.ts";
import { beatsPerLease, Roster } from "./roster.ts";

export interface NodePresenceOptions {
  readonly node: string;
  readonly log: Log;
  readonly appender: Appender;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly policyOf: (channel: string) => ChannelPolicy;
  readonly times: PresenceTimes;
  readonly observer: NodeObserver;
}

interface Open {
  readonly channel: PresenceChannel;
  readonly opening: Promise<PresenceChannel>;
}

/** Sweeps for which a channel is still followed when nobody wants it, so that who comes again finds it. */
const lingerSweeps = 4;

/** The presence of one node: the channels of which it knows who is there, and its own life among the other nodes. */
export class NodePresence {
  readonly #options: NodePresenceOptions;
  readonly #open = new Map<string, Open>();
  readonly #roster: Roster;
  readonly #ends = new Map<string, Timer>();
  #reader: ControlReader | undefined;
  #started: Promise<void> | undefined;
  #instance: string;
  #beat = 0;
  /** The beat that the log has not brought back yet: one at a time, so that silence is counted in time that passed. */
  #awaited: number | undefined;
  #timer: Timer | undefined;
  #nextNumber = 1;
  #closed = false;

  constructor(options: NodePresenceOptions) {
    this.#options = options;
    this.#instance = newInstance(options.random);
    this.#roster = new Roster({
      onEnded: (instance) => this.#onEnded(instance),
      onClosing: (instance, graceMs) => this.#onClosing(instance, graceMs),
    });
  }

  /** The channel, with all that the log knows of its members. Rejects with `log-unavailable` when it cannot be read. */
  async open(name: string): Promise<PresenceChannel> {
    if (this.#closed) throw new HawserError("log-unavailable", "This node shuts down.", { retry: true });
    const known = this.#open.get(name);
    if (known !== undefined) {
      known.channel.idleSweeps = 0;
      return known.opening;
    }
    const { log, appender, clock, timers, policyOf, times } = this.#options;
    const channel = new PresenceChannel({
      name,
      number: this.#nextNumber++,
      log,
      appender,
      clock,
      timers,
      policy: checkPresenceChannel(name, policyOf),
      times,
      roster: this.#roster,
      instance: () => this.#instance,
    });
    const opening = this.#start()
      .then(() => channel.open())
      .then(
        () => channel,
        (error: unknown) => {
          if (this.#open.get(name)?.channel === channel) this.#open.delete(name);
          channel.close();
          throw error;
        },
      );
    this.#open.set(name, { channel, opening });
    return opening;
  }

  /** The life of this node under which it answers for members, once it does. */
  get instance(): string {
    return this.#instance;
  }

  /**
   * That life of another node is known to be over: what it said of members holds no more. Others may say so too, and a beat of that
   * life that is on its way makes it void.
   */
  endNode(instance: string): void {
    if (!this.#closed && this.#roster.isLiving(instance)) this.#declareEnded(instance, this.#roster.beatOf(instance));
  }

  /** Called from time to time: checkpoints, and channels that nobody wants any more. */
  sweep(): void {
    let members = 0;
    let watches = 0;
    for (const [name, { channel }] of this.#open) {
      channel.sweep();
      members += channel.leases;
      watches += channel.watches.size;
      if (!channel.idle || !channel.isOpen) channel.idleSweeps = 0;
      else if (++channel.idleSweeps > lingerSweeps) {
        this.#open.delete(name);
        channel.close();
      }
    }
    this.#options.observer.presence(members, watches);
  }

  /**
   * The node goes: one record says when its leases end, however many they are. Who enters elsewhere until then is not
   * seen to have left.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    for (const timer of this.#ends.values()) timer.cancel();
    const holding = [...this.#open.values()].map(({ channel }) => channel).filter(({ leases }) => leases > 0);
    const graceMs = Math.max(0, ...holding.map((channel) => channel.graceMs));
    if (this.#started !== undefined) {
      this.#say({ kind: "closing", instance: this.#instance, graceMs }).catch(() => {});
    }
    for (const { channel } of this.#open.values()) channel.close();
    this.#open.clear();
    this.#reader?.close();
  }

  /** Reads the roster, and shows that this node lives before it answers for anybody. */
  #start(): Promise<void> {
    this.#started ??= this.#begin().catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  async #begin(): Promise<void> {
    const { log, timers } = this.#options;
    const reader = new ControlReader({
      log,
      timers,
      channel: rosterChannel,
      onEntry: (payload) => this.#onRoster(payload),
      onRestart: () => {},
    });
    try {
      await reader.open();
      this.#reader = reader;
      await this.#sendBeat();
    } catch (error) {
      reader.close();
      throw error;
    }
    this.#scheduleBeat();
  }

  #scheduleBeat(): void {
    if (this.#closed) return;
    const { timers, times } = this.#options;
    this.#timer?.cancel();
    this.#timer = timers.after(times.presenceLeaseMs / beatsPerLease, () => {
      this.#scheduleBeat();
      if (this.#awaited === undefined) this.#sendBeat().catch(() => {});
    });
  }

  async #sendBeat(): Promise<void> {
    const beat = (this.#beat += 1);
    this.#awaited = beat;
    try {
      await this.#say({ kind: "beat", instance: this.#instance, node: this.#options.node, beat });
    } catch (error) {
      // The next one has another number: should this one come after all, it counts for nothing.
      if (this.#awaited === beat) this.#awaited = undefined;
      throw error;
    }
  }

  #onRoster(payload: Payload | undefined): void {
    const record = decodeRoster(payload);
    if (record === undefined) return;
    this.#roster.fold(record);
    if (record.kind !== "beat" || record.instance !== this.#instance || record.beat !== this.#awaited) return;
    this.#awaited = undefined;
    // The next is due that long after this one came, however long it took.
    this.#scheduleBeat();
    this.#roster.count(this.#instance);
    for (const { instance, beat } of this.#roster.silent()) this.#declareEnded(instance, beat);
  }

  #declareEnded(instance: string, after: number): void {
    void this.#say({ kind: "ended", instance, after }).catch(() => {});
  }

  #onClosing(instance: string, graceMs: number): void {
    if (this.#closed || this.#ends.has(instance)) return;
    const { timers, random } = this.#options;
    // Not all nodes at once: who reads that it has been done has nothing to do.
    const timer = timers.after(graceMs * (1 + random.number() / 10), () => {
      this.#ends.delete(instance);
      this.#declareEnded(instance, this.#roster.beatOf(instance));
    });
    this.#ends.set(instance, timer);
  }

  #onEnded(instance: string): void {
    this.#ends.get(instance)?.cancel();
    this.#ends.delete(instance);
    const own = instance === this.#instance;
    if (own) this.#instance = newInstance(this.#options.random);
    for (const { channel } of this.#open.values()) channel.end(instance);
    if (own && !this.#closed) this.#liveAnew();
  }

  /** This node was taken for dead, since the log did not hear of it for long: it lives on under another name. */
  #liveAnew(): void {
    this.#sendBeat().catch(() => {});
    for (const { channel } of this.#open.values()) channel.checkpoint();
  }

  async #say(record: RosterRecord): Promise<void> {
    await appendedPlain(this.#options.appender, { channel: rosterChannel, payload: encodeRoster(record) });
  }
}

function newInstance(random: Random): string {
  return Array.from(random.bytes(8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
