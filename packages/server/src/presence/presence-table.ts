import { HawserError } from "@hawser/protocol";
import type { EnterFrame, LeaveFrame, Payload, Random, UnwatchFrame, WatchFrame } from "@hawser/protocol";
import type { ClientContext } from "../connection/client-context.ts";
import type { Rates } from "../connection/rates.ts";
import { forbidden } from "../connection/rights.ts";
import type { NodeLimits } from "../node-options.ts";
import type { ChannelPolicy } from "../policy/channel-policy.ts";
import { stateOfPayload } from "./member-state.ts";
import type { NodePresence } from "./node-presence.ts";
import type { PresenceChannel } from "./presence-channel.ts";
import { checkPresenceChannel } from "./presence-names.ts";
import { Turns } from "./turns.ts";
import { Watch } from "./watch.ts";

export interface PresenceTableOptions {
  readonly client: ClientContext;
  readonly presence: NodePresence;
  readonly policyOf: (channel: string) => ChannelPolicy;
  readonly limits: NodeLimits;
  readonly random: Random;
  readonly rates: Rates;
}

/** Where the connection's client is a member. */
interface Entered {
  readonly channel: PresenceChannel;
  readonly member: string;
  readonly generation: number;
}

interface Watching {
  readonly channel: PresenceChannel;
  readonly watch: Watch;
}

/** A piece of a watch is not larger, so that watches and subscriptions of a connection take turns. */
const maxPieceBytes = 65_536;
const maxMemberLength = 64;

/** Where one connection's client is a member, and where it looks who is. */
export class PresenceTable {
  readonly #options: PresenceTableOptions;
  readonly #client: ClientContext;
  readonly #entered = new Map<string, Entered>();
  readonly #watching = new Map<string, Watching>();
  /** Channels that are asked for and are none of those yet. */
  readonly #entering = new Set<string>();
  readonly #opening = new Set<string>();
  /** What is asked of one channel is done in its order, though rights and the log are waited for. */
  readonly #turns = new Turns();
  #unanswered = 0;
  #drawn = "";

  constructor(options: PresenceTableOptions) {
    this.#options = options;
    this.#client = options.client;
  }

  enter(frame: EnterFrame): void {
    this.#turns.add(`enter ${frame.channel}`, async () => {
      try {
        const written = await this.#enter(frame);
        // Behind the next in turn: what is said in one turn of the event loop is written together.
        if (written !== undefined) this.#answer(frame, written);
      } catch (error) {
        this.#fail(frame.id, "enter", error);
      }
    });
  }

  leave(frame: LeaveFrame): void {
    this.#behind(`enter ${frame.channel}`, () => {
      const entered = this.#entered.get(frame.channel);
      if (entered?.generation === frame.generation) this.#leave(frame.channel, entered);
    });
  }

  watch(frame: WatchFrame): void {
    this.#turns.add(`watch ${frame.channel}`, async () => {
      try {
        await this.#watch(frame);
      } catch (error) {
        this.#fail(frame.id, "watch", error);
      }
    });
  }

  unwatch(frame: UnwatchFrame): void {
    this.#behind(`watch ${frame.channel}`, () => this.#unwatch(frame.channel));
  }

  /** Frames that are not answered are no requests, and so have a bound of their own while they wait. */
  #behind(key: string, run: () => void): void {
    if (!this.#turns.isTaken(key)) return run();
    const { maxRequests } = this.#options.limits;
    if (this.#unanswered >= maxRequests) {
      const message = `More than ${maxRequests} leave and unwatch frames wait for what was asked before them.`;
      return this.#client.end(new HawserError("rate-limited", message, { retry: true }));
    }
    this.#unanswered += 1;
    this.#turns.add(key, async () => {
      this.#unanswered -= 1;
      run();
    });
  }

  /** Ends what the user may no longer do (PRES-14). */
  async recheck(): Promise<void> {
    const { rights } = this.#client;
    const { renewals } = rights;
    const check = async (verb: "enter" | "presence", name: string, end: () => void): Promise<void> => {
      const may = await rights.mayStill(verb, name);
      if (may || rights.renewals !== renewals || this.#client.closed) return;
      end();
      this.#client.tell({ type: "revoked", channel: name, verb, message: forbidden(verb, name).message });
    };
    await Promise.all([
      ...[...this.#entered].map(([name, entered]) => check("enter", name, () => this.#leave(name, entered))),
      ...[...this.#watching.keys()].map((name) => check("presence", name, () => this.#unwatch(name))),
    ]);
  }

  /** The connection has gone: members stay for the grace time. */
  closeAll(): void {
    const { user } = this.#client.rights.identity;
    for (const { channel, member } of this.#entered.values()) channel.release(user, member, this);
    this.#entered.clear();
    for (const name of [...this.#watching.keys()]) this.#unwatch(name);
  }

  /** @returns a promise, in an object that awaiting leaves as it is, of the log's answer; `undefined`: nobody waits. */
  async #enter(frame: EnterFrame): Promise<{ readonly written: Promise<void>; readonly member: string } | undefined> {
    const { presence, policyOf, limits } = this.#options;
    const name = frame.channel;
    const state = stateOf(frame.payload, checkPresenceChannel(name, policyOf).maxStateBytes);
    if (frame.member.length > maxMemberLength || !isMember(frame.member)) {
      throw new HawserError("payload-invalid", `A member has 1 to ${maxMemberLength} characters without white space.`);
    }
    const former = this.#entered.get(name);
    if (former === undefined && this.#entered.size + this.#entering.size >= limits.maxPresences) {
      throw tooMany(limits.maxPresences);
    }
    if (former === undefined) this.#entering.add(name);
    const channel = await this.#allowed("enter", name, () => presence.open(name)).finally(() => {
      this.#entering.delete(name);
    });
    // Asked here, behind all that was waited for: nobody would release what is held for a connection that has gone.
    if (this.#client.closed) return undefined;
    const member = frame.member === "" ? this.#draw() : frame.member;
    const { user } = this.#client.rights.identity;
    if (!channel.shows(user, member, state)) this.#countChange();
    const written = channel.enter({ user, member, generation: frame.generation, state }, this);
    // A connection is one member of a channel.
    if (former !== undefined && former.member !== member) former.channel.leave(user, former.member, this);
    this.#entered.set(name, { channel, member, generation: frame.generation });
    return { written, member };
  }

  #answer(frame: EnterFrame, { written, member }: { readonly written: Promise<void>; readonly member: string }): void {
    written.then(
      () => this.#client.answer(frame.id, { type: "entered", id: frame.id, member }),
      (error: unknown) => this.#fail(frame.id, "enter", error),
    );
  }

  async #watch(frame: WatchFrame): Promise<void> {
    const { presence, limits, policyOf } = this.#options;
    const name = frame.channel;
    checkPresenceChannel(name, policyOf);
    if (!this.#watching.has(name)) {
      if (this.#watching.size + this.#opening.size >= limits.maxPresences) throw tooMany(limits.maxPresences);
      this.#opening.add(name);
    }
    const channel = await this.#allowed("presence", name, () => presence.open(name)).finally(() => {
      this.#opening.delete(name);
    });
    if (this.#client.closed) return;
    this.#unwatch(name);
    const watch = new Watch({
      watched: channel,
      reader: this.#client.reader,
      countOnly: frame.countOnly,
      maxPieceBytes: Math.min(maxPieceBytes, limits.maxMessageBytes / 2),
    });
    channel.watches.add(watch);
    this.#watching.set(name, { channel, watch });
    this.#client.answer(frame.id, { type: "watched", id: frame.id, number: channel.number });
    watch.wake();
  }

  /** What `open` gives, if the right is there then too: it may be renewed while the log is waited for. */
  async #allowed<T>(verb: "enter" | "presence", name: string, open: () => Promise<T>): Promise<T> {
    const { rights } = this.#client;
    for (;;) {
      const { renewals } = rights;
      if (!(await rights.may(verb, name))) throw forbidden(verb, name);
      const opened = await open();
      if (rights.renewals === renewals) return opened;
    }
  }

  #leave(name: string, { channel, member }: Entered): void {
    this.#entered.delete(name);
    channel.leave(this.#client.rights.identity.user, member, this);
  }

  #unwatch(name: string): void {
    const watching = this.#watching.get(name);
    if (watching === undefined) return;
    this.#watching.delete(name);
    watching.watch.close();
    watching.channel.watches.delete(watching.watch);
  }

  /** What watchers are told of counts; that a member is still there, over a newer connection, they are not told. */
  #countChange(): void {
    const retryAfterMs = this.#options.rates.takePresenceChange();
    if (retryAfterMs === 0) return;
    throw new HawserError("rate-limited", "The member changes too often.", { retry: true, retryAfterMs });
  }

  #draw(): string {
    if (this.#drawn === "") {
      const bytes = this.#options.random.bytes(12);
      this.#drawn = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    }
    return this.#drawn;
  }

  #fail(id: number, what: string, error: unknown): void {
    if (error instanceof HawserError) return this.#client.refuse(id, error);
    this.#client.report(what, error);
    this.#client.refuse(id, new HawserError("internal", "A fault of the server's own.", { retry: true }));
  }
}

function stateOf(payload: Payload, maxBytes: number): string {
  if (payload.kind !== "json") throw new HawserError("payload-invalid", "A member's state is JSON.");
  if (payload.data.byteLength > maxBytes) {
    throw new HawserError("message-too-large", `A member's state has at most ${maxBytes} bytes here.`);
  }
  return stateOfPayload(payload);
}

function isMember(member: string): boolean {
  return !/[\p{Cc}\p{White_Space}]/u.test(member);
}

function tooMany(max: number): HawserError {
  return new HawserError("too-many-presences", `This connection has its ${max} channels. Leave one first.`);
}
