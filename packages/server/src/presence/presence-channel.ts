import type { Log } from "@hawser/log";
import { HawserError } from "@hawser/protocol";
import type { Clock, Payload, Timer, Timers } from "@hawser/protocol";
import type { PresencePolicy } from "../policy/channel-policy.ts";
import type { Appender } from "../publish/appender.ts";
import { ControlReader } from "./control-reader.ts";
import { ControlWriter } from "./control-writer.ts";
import { OwnLeases } from "./own-leases.ts";
import type { Holder } from "./own-leases.ts";
import { Pacer } from "./pacer.ts";
import { PresenceBook } from "./presence-book.ts";
import { controlChannelOf } from "./presence-names.ts";
import { decodeControl } from "./presence-record.ts";
import type { LeaseRecord } from "./presence-record.ts";
import type { Roster } from "./roster.ts";
import { SharedPieces } from "./shared-pieces.ts";
import { UnderWay } from "./under-way.ts";
import type { Place, Watch } from "./watch.ts";

/** What holds for the presence of a channel; times in milliseconds. */
export interface PresenceTimes {
  readonly presenceLeaseMs: number;
  readonly presenceCheckpointMs: number;
  readonly presenceIntervalMs: number;
  readonly presenceCountIntervalMs: number;
}

export interface PresenceChannelOptions {
  readonly name: string;
  /** On the wire; never given to another. */
  readonly number: number;
  readonly log: Log;
  readonly appender: Appender;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly policy: PresencePolicy;
  readonly times: PresenceTimes;
  readonly roster: Roster;
  /** The life of this node, now. */
  readonly instance: () => string;
}

/** After a record that could not be written, until all is said anew; sooner where leases are short. */
const repairMs = 5_000;

/** Who is in one channel, as this node knows it, and whom of them it answers for. */
export class PresenceChannel {
  readonly number: number;
  readonly book: PresenceBook;
  readonly pieces = new SharedPieces<Place>();
  readonly watches = new Set<Watch>();
  /** Sweeps for which nobody wanted it. */
  idleSweeps = 0;
  readonly #options: PresenceChannelOptions;
  readonly #leases: OwnLeases;
  readonly #reader: ControlReader;
  readonly #writer: ControlWriter;
  readonly #changes: Pacer;
  readonly #counts: Pacer;
  readonly #underWay = new UnderWay();
  #opened = false;
  #version = 0;
  #checkpointAt: number;
  #round: Timer | undefined;

  constructor(options: PresenceChannelOptions) {
    const { name, log, timers, policy, times, roster, clock, appender, instance } = options;
    const channel = controlChannelOf(name);
    this.#options = options;
    this.number = options.number;
    this.book = new PresenceBook({ hasEnded: (one) => roster.hasEnded(one) });
    this.#leases = new OwnLeases(timers, policy.graceMs, (lease) => this.#sayLeft(lease));
    this.#writer = new ControlWriter({ channel, appender, timers, instance, onFailed: () => this.#failed() });
    this.#reader = new ControlReader({
      log,
      timers,
      channel,
      onEntry: (payload) => this.#onEntry(payload),
      onRestart: () => this.#restart(),
    });
    this.#changes = new Pacer(options, times.presenceIntervalMs, () => this.#wake(false));
    this.#counts = new Pacer(options, times.presenceCountIntervalMs, () => this.#wake(true));
    this.#checkpointAt = clock.monotonic() + times.presenceCheckpointMs;
  }

  /** Members that this node answers for. */
  get leases(): number {
    return this.#leases.size;
  }

  get graceMs(): number {
    return this.#options.policy.graceMs;
  }

  /** Whether nobody here wants it, and nothing is left to be said. */
  get idle(): boolean {
    return this.watches.size === 0 && this.#leases.size === 0 && this.#writer.idle;
  }

  get isOpen(): boolean {
    return this.#opened;
  }

  /** Resolves when the node knows who is there. Rejects when the log cannot be reached. */
  async open(): Promise<void> {
    await this.#reader.open();
    this.#opened = true;
  }

  /** Whether the log has that member with that state, and nothing else is under way. */
  shows(user: string, member: string, state: string): boolean {
    return this.book.stateOf(user, member) === state && !this.#underWay.has(user, member);
  }

  /**
   * Takes a member up, or gives it another state; resolves when the log has it.
   *
   * @throws HawserError `generation-stale`, `presence-full`.
   */
  enter(lease: LeaseRecord, holder: Holder): Promise<void> {
    const { user, member, generation } = lease;
    if (!this.book.admits(user, member, generation) || !this.#underWay.admits(user, member, generation)) {
      throw new HawserError("generation-stale", `The member ${member} has entered with a later generation, or left.`);
    }
    const there = this.book.has(user, member) || this.#underWay.arrives(user, member);
    if (!there) this.#assertPlaceFor(user);
    this.#leases.hold(lease, holder);
    this.#sayEntered(lease);
    return this.#writer.written();
  }

  /** The member goes now, if it is still this holder's. */
  leave(user: string, member: string, holder: Holder): void {
    const lease = this.#leases.drop(user, member, holder);
    if (lease !== undefined) this.#sayLeft(lease);
  }

  /** The holder has gone; the member goes after the grace time, unless it enters again. */
  release(user: string, member: string, holder: Holder): void {
    this.#leases.release(user, member, holder);
  }

  /** A node has ended. */
  end(instance: string): void {
    this.book.end(instance);
    this.#onFolded();
  }

  /** Says again all that this node answers for: so that whoever reads only what the log keeps knows it. */
  checkpoint(): void {
    this.#checkpointAt = this.#options.clock.monotonic() + this.#options.times.presenceCheckpointMs;
    for (const lease of this.#leases) this.#sayEntered(lease);
  }

  /** Called from time to time: what is due by the clock. */
  sweep(): void {
    // Bytes that no watcher came for by now are made again: they would only be held.
    this.pieces.clear();
    if (this.#options.clock.monotonic() >= this.#checkpointAt) this.checkpoint();
  }

  close(): void {
    this.#reader.close();
    this.#writer.close();
    this.#leases.close();
    this.#changes.stop();
    this.#counts.stop();
    this.#round?.cancel();
    for (const watch of this.watches) watch.close();
    this.watches.clear();
  }

  #assertPlaceFor(user: string): void {
    const { maxMembers, maxMembersPerUser } = this.#options.policy;
    if (this.book.count + this.#underWay.arriving >= maxMembers) {
      throw new HawserError("presence-full", `The channel has its ${maxMembers} members.`, { retry: true });
    }
    if (this.book.countOf(user) + this.#underWay.arrivingOf(user) >= maxMembersPerUser) {
      const message = `This user has ${maxMembersPerUser} members in the channel, as many as may be.`;
      throw new HawserError("presence-full", message, { retry: true });
    }
  }

  #sayEntered(lease: LeaseRecord): void {
    this.#underWay.entered(lease, !this.book.has(lease.user, lease.member));
    this.#writer.enter(lease);
  }

  #sayLeft(lease: LeaseRecord): void {
    this.#underWay.left(lease);
    this.#writer.leave(lease);
  }

  #onEntry(payload: Payload | undefined): void {
    const record = decodeControl(payload);
    if (record === undefined) return;
    this.#options.roster.meet(record.instance);
    this.book.fold(record);
    this.#underWay.fold(record);
    for (const { user, member, generation } of record.entered) this.#leases.supersede(user, member, generation);
    this.#onFolded();
  }

  /** Who entered is told, and may give up; but whose lease is held here has to be in the log. */
  #failed(): void {
    const { clock, times } = this.#options;
    const afterMs = Math.min(repairMs, times.presenceLeaseMs / 4);
    this.#checkpointAt = Math.min(this.#checkpointAt, clock.monotonic() + afterMs);
  }

  /** What the log holds now is read again; who is not said again has left unseen. */
  #restart(): void {
    const { timers, times } = this.#options;
    this.book.beginRound();
    this.#underWay.clear();
    this.checkpoint();
    this.#round?.cancel();
    this.#round = timers.after(times.presenceLeaseMs, () => {
      this.book.closeRound();
      this.#onFolded();
    });
  }

  #onFolded(): void {
    if (this.#version === this.book.version) return;
    this.#version = this.book.version;
    this.#changes.poke();
    this.#counts.poke();
  }

  #wake(countOnly: boolean): void {
    for (const watch of this.watches) if (watch.countOnly === countOnly) watch.wake();
  }
}
