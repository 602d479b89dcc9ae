import { HawserError } from "@hawser/protocol";
import { emit, TypedEventTarget } from "../events/typed-event-target.ts";
import { guarded } from "../reconnecting-websocket/guarded.ts";
import type { LostConnection } from "../reconnecting-websocket/options.ts";
import type { SocketClosure } from "../reconnecting-websocket/physical-socket.ts";
import type { ReconnectingWebSocket } from "../reconnecting-websocket/reconnecting-websocket.ts";
import { SendQueue } from "../reconnecting-websocket/send-queue.ts";
import type { ReceivedData, SocketData } from "../reconnecting-websocket/socket-data.ts";
import { Broadcast } from "./broadcast.ts";
import { Failover } from "./failover.ts";
import { Member } from "./member.ts";
import type { MemberOptions } from "./member.ts";
import { resolveSetOptions } from "./options.ts";
import type { ConnectionSetOptions, ResolvedSetOptions } from "./options.ts";
import type { ConnectionSetPolicy, Policy, PolicyView } from "./policy.ts";
import { Split } from "./split.ts";
import type { ConnectionSetStatus, MemberClosure, SendOutcome } from "./status.ts";
import { Unread } from "./unread.ts";

/** A message, and who brought it. */
export interface MemberMessage {
  readonly member: string;
  readonly data: ReceivedData;
}

/** What a set tells of all its members, each event with the member's name. */
export interface ConnectionSetEvents {
  readonly message: MemberMessage;
  /** A member has a connection, the first or a new one: tell its server what it must know, with `{ to: member }`. */
  readonly open: { readonly member: string };
  /** A member lost its connection, or made none, and tries again in `delayMs`. */
  readonly lost: LostConnection & { readonly member: string; readonly delayMs: number };
  /** A member is closed, by this side or for good by the other. */
  readonly closed: MemberClosure;
  /** With `failover`: another member is in use, and open. `from` is `undefined` the first time. */
  readonly switch: { readonly from: string | undefined; readonly to: string };
  /** A state changed, or a round trip. */
  readonly status: { readonly status: ConnectionSetStatus };
}

/**
 * Several connections to any servers, under one roof: one policy for what is sent and received, one status, one stream of
 * events, one `close`. Each member is a `ReconnectingWebSocket` with its own addresses, subprotocols and options, and
 * what happens to one touches no other.
 *
 * @example
 * const set = new ConnectionSet({
 *   policy: { kind: "mirror", key: (data) => JSON.parse(String(data)).id },
 *   members: { a: { url: "wss://a.example.com/feed" }, b: { url: "wss://b.example.com/feed" } },
 * });
 * for await (const { member, data } of set) console.log(member, data);
 *
 * @throws DOMException `SyntaxError` for a bad URL or subprotocol of a member, HawserError `option-invalid`, and
 * `too-many-connections` for more than `maxMembers`. Nothing is open then.
 */
export class ConnectionSet extends TypedEventTarget<ConnectionSetEvents> {
  readonly #options: ResolvedSetOptions;
  readonly #policy: Policy;
  readonly #members = new Map<string, Member>();
  readonly #queue: SendQueue;
  readonly #readers = new Set<Unread<MemberMessage>>();
  #dropped = 0;
  #state: ConnectionSetStatus["state"] = "idle";
  #since: number;
  #closing: Promise<readonly MemberClosure[]> | undefined;

  constructor(options: ConnectionSetOptions = {}) {
    super();
    this.#options = resolveSetOptions(options);
    this.#since = this.#options.ports.clock.now();
    this.#queue = new SendQueue(this.#options.queue);
    this.#policy = policyOf(this.#options.policy, {
      ports: this.#options.ports,
      members: () => [...this.#members.values()],
      onSwitch: (from, to) => {
        this.#changed();
        this.#tell("switch", { from, to });
      },
    });
    // All are checked before the first is opened.
    for (const [id, member] of Object.entries(options.members ?? {})) this.#put(id, member);
    if (this.#options.autoOpen) this.open();
  }

  /** The set and its members, now. */
  get status(): ConnectionSetStatus {
    const members = [...this.#members.values()].map((member) => member.status(this.#policy.isActive(member)));
    return {
      state: this.#state,
      since: this.#since,
      active: this.#options.policy.kind === "failover" ? members.find(({ active }) => active)?.id : undefined,
      members,
      queuedMessages: this.#queue.messages,
      dropped: this.#dropped,
    };
  }

  /** The socket of a member, for what the set does not offer. `undefined` while it is idle, or there is no such member. */
  socket(member: string): ReconnectingWebSocket | undefined {
    return this.#members.get(member)?.socket;
  }

  /**
   * Adds a member, last in order. It is opened when the policy wants it open.
   *
   * @throws HawserError `option-invalid` for a name that is taken, `too-many-connections`, `closed`; and as the constructor.
   */
  add(id: string, options: MemberOptions): void {
    this.#assertOpen();
    const member = this.#put(id, options);
    if (this.#options.autoOpen) this.#policy.onAdd(member);
    this.#changed();
  }

  /**
   * Takes a member out, and closes it with its code.
   *
   * @returns how that went; `undefined` when there is no such member.
   */
  async remove(id: string): Promise<MemberClosure | undefined> {
    const member = this.#members.get(id);
    if (member === undefined) return undefined;
    this.#members.delete(id);
    const closure = member.close();
    this.#policy.onRemove(member);
    this.#changed();
    return closure;
  }

  /**
   * Opens what the policy wants open, or one member. What is open already stays as it is.
   *
   * @throws HawserError `option-invalid` when there is no such member, `closed`.
   */
  open(id?: string): void {
    this.#assertOpen();
    if (id === undefined) this.#policy.open();
    else this.#named(id).open();
    this.#changed();
  }

  /**
   * Sends by the policy, or to the members that `to` names.
   *
   * @returns what became of it at each member.
   * @throws HawserError when nobody took it: `outbox-full`, `connection-lost` for a member that is not open, `closed`.
   */
  send(data: SocketData, options: { readonly to?: string | readonly string[] } = {}): readonly SendOutcome[] {
    this.#assertOpen();
    const { to } = options;
    const targets =
      to === undefined
        ? this.#policy.targets(data)
        : (typeof to === "string" ? [to] : to).map((member) => this.#named(member));
    if (targets === undefined) return [this.#enqueue(data)];
    const outcomes = targets.map((member) => member.send(data));
    const refused = outcomes.find(({ state }) => state === "refused");
    if (refused?.error !== undefined && outcomes.every(({ state }) => state === "refused")) throw refused.error;
    return outcomes;
  }

  /** Closes each member with its code, and tells how each ended: within the longest `closeTimeoutMs` of them. */
  close(): Promise<readonly MemberClosure[]> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** What comes from now on, by the policy. Several readers each get everything. */
  [Symbol.asyncIterator](): AsyncIterableIterator<MemberMessage> {
    const reader = new Unread<MemberMessage>(this.#options.maxUnread, () => this.#readers.delete(reader));
    if (this.#closing === undefined) this.#readers.add(reader);
    else reader.end(undefined);
    return reader;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #put(id: string, options: MemberOptions): Member {
    const { maxMembers, defaults } = this.#options;
    if (this.#members.has(id)) throw new HawserError("option-invalid", `There is a member "${id}" already`);
    if (this.#members.size >= maxMembers) {
      const text = `The set has ${maxMembers} members: remove one, or raise maxMembers within what the platform allows`;
      throw new HawserError("too-many-connections", text);
    }
    const member = new Member(
      id,
      { ...defaults, ...options },
      {
        onOpen: (opened) => this.#onOpen(opened),
        onMessage: (from, data) => this.#onMessage(from, data),
        onLost: (lost, { code, reason, wasClean, url, opened, failures, delayMs }) => {
          if (this.#holds(lost)) this.#policy.onLost(lost);
          this.#changed();
          this.#tell("lost", { member: lost.id, code, reason, wasClean, url, opened, failures, delayMs });
        },
        onClosed: (closed, closure) => this.#onClosed(closed, closure),
        onChange: () => this.#changed(),
      },
    );
    this.#members.set(id, member);
    return member;
  }

  #onOpen(member: Member): void {
    if (!this.#holds(member)) return;
    this.#policy.onOpen(member);
    this.#changed();
    this.#tell("open", { member: member.id });
    this.#flush();
  }

  #onMessage(member: Member, data: ReceivedData): void {
    // What the application's key throws is its own; the message is not lost for it.
    if (guarded(this.#options.ports, () => this.#policy.accepts(member, data)) === false) return;
    const message = { member: member.id, data };
    for (const reader of this.#readers) reader.push(message);
    this.#tell("message", message);
  }

  #onClosed(member: Member, { code, reason, wasClean }: SocketClosure): void {
    if (this.#holds(member) && this.#closing === undefined) this.#policy.onLost(member);
    this.#tell("closed", { member: member.id, code, reason, wasClean });
    this.#changed();
  }

  #enqueue(data: SocketData): SendOutcome {
    const dropped = this.#queue.push(data);
    if (dropped === undefined) {
      const text = `The set's queue has no room while no member is open: ${this.#queue.messages} messages wait`;
      throw new HawserError("outbox-full", text, { retry: true });
    }
    this.#dropped += dropped;
    return { member: undefined, state: "queued", error: undefined };
  }

  #flush(): void {
    while (this.#queue.messages > 0) {
      const targets = this.#policy.targets("");
      if (targets === undefined) return;
      const data = this.#queue.shift()!;
      const outcomes = targets.map((target) => target.send(data));
      if (outcomes.every(({ state }) => state === "refused")) this.#dropped += 1;
    }
  }

  async #close(): Promise<readonly MemberClosure[]> {
    this.#policy.stop();
    const closing = [...this.#members.values()].map((member) => member.close());
    this.#dropped += this.#queue.clear();
    this.#enter("closing");
    const closures = await Promise.all(closing);
    this.#enter("closed");
    for (const reader of this.#readers) reader.end(undefined);
    return closures;
  }

  /** The state of the whole follows from those of its members. */
  #changed(): void {
    if (this.#closing !== undefined) return this.#enter(this.#state);
    const members = [...this.#members.values()];
    const used = members.filter((member) => this.#policy.isActive(member));
    if (used.some(({ isOpen }) => isOpen)) this.#enter("open");
    else this.#enter(members.some(({ isIdle }) => !isIdle) ? "connecting" : "idle");
  }

  #enter(state: ConnectionSetStatus["state"]): void {
    if (state !== this.#state) this.#since = this.#options.ports.clock.now();
    this.#state = state;
    this.#tell("status", { status: this.status });
  }

  #tell<Name extends keyof ConnectionSetEvents>(type: Name, fields: ConnectionSetEvents[Name]): void {
    emit<ConnectionSetEvents, Name>(this, type, fields);
  }

  #holds(member: Member): boolean {
    return this.#members.get(member.id) === member;
  }

  #named(id: string): Member {
    const member = this.#members.get(id);
    if (member === undefined) throw new HawserError("option-invalid", `There is no member "${id}"`);
    return member;
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new HawserError("closed", "The connection set was closed");
  }
}

function policyOf(policy: ConnectionSetPolicy, view: PolicyView): Policy {
  switch (policy.kind) {
    case "failover":
      return new Failover(policy, view);
    case "split":
      return new Split(policy, view);
    case "mirror":
      return new Broadcast(policy, view);
    case "all":
      return new Broadcast(undefined, view);
  }
}
