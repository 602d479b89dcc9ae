import type { Log } from "@hawser/log";
import type { Clock, Payload, Random, Timer, Timers } from "@hawser/protocol";
import type { Logger } from "../observe/logger.ts";
import { ControlReader } from "../presence/control-reader.ts";
import type { Appender } from "../publish/appender.ts";
import { appendedPlain } from "../publish/plain-append.ts";
import { clusterChannel, decodeCluster, encodeCluster } from "./cluster-record.ts";
import type { ClusterRecord, NodeWord } from "./cluster-record.ts";
import { Membership } from "./membership.ts";
import type { MembershipChange, OtherNode } from "./membership.ts";
import { RecentIds } from "./recent-ids.ts";

/** What bounds the life of a node among others. */
export interface ClusterLimits {
  /** From one word of a node that it lives to the next. Default 5,000. */
  readonly clusterBeatMs: number;
  /** So much is added at random, at most, so that nodes do not speak at once. Default 500. */
  readonly clusterJitterMs: number;
  /** A node that says nothing for so long, while the log brings what others say, is dead. Default 15,000. */
  readonly clusterTimeoutMs: number;
  /** Other nodes that a node knows. Further ones are not seen. Default 1,000. */
  readonly maxClusterNodes: number;
  /** Commands that a node remembers, so that none is followed twice. Default 10,000. */
  readonly maxClusterCommands: number;
}

export interface NodeClusterOptions {
  readonly log: Log;
  readonly appender: Appender;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly limits: ClusterLimits;
  /** What this node says of itself, now. */
  readonly word: () => NodeWord;
  readonly onChange: (change: MembershipChange, node: OtherNode) => void;
  /** Another node asked for the end of a user's sessions. */
  readonly onDisconnect: (user: string, reason: string) => void;
  /** The log brought an own beat back: of what others say, nothing older is on its way. */
  readonly onBeat: () => void;
}

/** The life of one node among the others of its log: what it says of itself, and what it hears. */
export class NodeCluster {
  /** Drawn anew at each start, so that a node that died and the one in its place are two. */
  readonly instance: string;
  readonly #options: NodeClusterOptions;
  readonly #membership: Membership;
  readonly #commands: RecentIds;
  readonly #reader: ControlReader;
  #beat = 0;
  /** The beat that the log has not brought back yet: one at a time, so that silence is counted in time that passed. */
  #awaited: number | undefined;
  #timer: Timer | undefined;
  #answer: Timer | undefined;
  /** What the log held before, or holds again after a new beginning, is no news. */
  #state: "reading" | "live" | "closed" = "reading";

  constructor(options: NodeClusterOptions) {
    const { log, timers, limits, random } = options;
    this.#options = options;
    this.instance = hex(random.bytes(16));
    this.#commands = new RecentIds(limits.maxClusterCommands);
    this.#membership = new Membership({
      patience: Math.ceil(limits.clusterTimeoutMs / limits.clusterBeatMs),
      maxNodes: limits.maxClusterNodes,
      onChange: (change, node) => this.#onChange(change, node),
    });
    this.#reader = new ControlReader({
      log,
      timers,
      channel: clusterChannel,
      onEntry: (payload) => this.#onEntry(payload),
      // What was awaited may be lost with the log that it went into.
      onRestart: () => (this.#awaited = undefined),
    });
  }

  /** The other nodes that live. */
  get others(): readonly OtherNode[] {
    return [...this.#membership.nodes()];
  }

  /** Listens, and shows itself. Rejects with `log-unavailable` when the log cannot be read. */
  async start(): Promise<void> {
    await this.#reader.open();
    if (this.#state === "closed") return;
    this.#state = "live";
    this.announce();
    this.#schedule();
  }

  /** Says at once how this node is: something has changed that others should know. */
  announce(): void {
    if (this.#state === "live") void this.#sendBeat((this.#beat += 1)).catch(() => {});
  }

  /**
   * Asks all nodes to end the sessions of a user. Those that begin once this is in the log are not meant.
   *
   * @throws HawserError `log-unavailable` (others may have been told), `log-full`.
   */
  async disconnect(user: string, reason: string): Promise<void> {
    const id = hex(this.#options.random.bytes(16));
    this.#commands.add(id);
    await this.#say({ kind: "disconnect", instance: this.instance, id, user, reason });
  }

  /** Says that it goes, and listens no more. */
  close(): void {
    if (this.#state === "live") void this.#say({ kind: "left", instance: this.instance }).catch(() => {});
    this.#state = "closed";
    this.#timer?.cancel();
    this.#answer?.cancel();
    this.#reader.close();
  }

  #schedule(): void {
    if (this.#state === "closed") return;
    const { timers, limits, random } = this.#options;
    this.#timer?.cancel();
    this.#timer = timers.after(limits.clusterBeatMs + random.number() * limits.clusterJitterMs, () => {
      this.#schedule();
      if (this.#awaited === undefined) this.#sendCounted();
    });
  }

  /** Only those that are sent an interval apart count; what is announced between them does not. */
  #sendCounted(): void {
    const beat = (this.#beat += 1);
    this.#awaited = beat;
    this.#sendBeat(beat).catch(() => {
      // The next one has another number: should this one come after all, it counts for nothing.
      if (this.#awaited === beat) this.#awaited = undefined;
    });
  }

  async #sendBeat(beat: number): Promise<void> {
    await this.#say({ kind: "beat", instance: this.instance, beat, word: this.#options.word() });
  }

  #onEntry(payload: Payload | undefined): void {
    const record = decodeCluster(payload);
    if (record === undefined) return;
    if (record.kind === "disconnect") this.#onDisconnect(record);
    else if (this.#state !== "live") return;
    else if (record.instance !== this.instance) this.#onOther(record);
    else if (record.kind === "beat" && record.beat === this.#awaited) this.#onOwnBeat();
  }

  #onDisconnect({ id, user, reason }: ClusterRecord & { readonly kind: "disconnect" }): void {
    // What was said before this node began is noted, and meant for nobody who is here.
    if (this.#commands.add(id) && this.#state === "live") this.#options.onDisconnect(user, reason);
  }

  #onOther(record: Exclude<ClusterRecord, { readonly kind: "disconnect" }>): void {
    if (record.kind === "left") this.#membership.leave(record.instance);
    else this.#membership.beat(record.instance, record.beat, record.word);
  }

  #onOwnBeat(): void {
    this.#awaited = undefined;
    // The next is due that long after this one came, however long it took.
    this.#schedule();
    this.#membership.count();
    this.#options.onBeat();
  }

  #onChange(change: MembershipChange, node: OtherNode): void {
    if (change === "joined") this.#answerSoon();
    if (change !== "changed")
      this.#options.logger.info({ node: node.name, instance: node.instance }, `a node ${change}`);
    this.#options.onChange(change, node);
  }

  /** Who has just come should not have to wait for the next beat to know who is there. */
  #answerSoon(): void {
    const { timers, limits, random } = this.#options;
    this.#answer ??= timers.after(random.number() * limits.clusterJitterMs, () => {
      this.#answer = undefined;
      this.announce();
    });
  }

  async #say(record: ClusterRecord): Promise<void> {
    await appendedPlain(this.#options.appender, { channel: clusterChannel, payload: encodeCluster(record) });
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
