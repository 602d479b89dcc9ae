import { decodeShared, encodeShared, HawserError, protobufCodec } from "@hawser/protocol";
import type { ServerFrame, Timer, Timers } from "@hawser/protocol";
import type { Lane, SocketClient, SocketFrame } from "@hawser/server/core";
import type { RelayDialer, RelayLink, RelayLinkHandlers } from "./relay-link.ts";
import { homeWordOf } from "./relay-word.ts";
import type { ClientWord } from "./relay-word.ts";

/** How often a home is dialled before it counts as one that is not reached: a port may be shut for a moment. */
export const maxDials = 4;
/** Between two of those. */
export const redialMs = 200;

/** A client of this node that has sockets at another home, as the line to that home sees it. */
export interface LineUser {
  readonly client: SocketClient;
  onFrames(line: HomeLine, frames: readonly ServerFrame[]): void;
  /** The home has that socket on this client's connection, in that lane: said ahead of its answer. */
  onAttached(line: HomeLine, number: number, lane: Lane): void;
  /** It has it there no more. */
  onReleased(line: HomeLine, number: number): void;
  /** The line is gone. */
  onLineClosed(line: HomeLine): void;
}

export interface HomeLineOptions {
  readonly home: string;
  readonly address: string;
  readonly dialer: RelayDialer;
  readonly timers: Timers;
  /** Until the home has answered, and said which one it is. */
  readonly timeoutMs: number;
  /** A line that nobody uses is closed after so long. */
  readonly idleMs: number;
  readonly onClosed: (line: HomeLine) => void;
  readonly report: (what: string, error: unknown) => void;
}

/** This node's line to the home of sockets that its clients have: opened when the first needs it, one for all of them. */
export class HomeLine implements RelayLinkHandlers {
  /** To which life of the home it leads; `undefined`: to none that could be reached. Never rejects. */
  readonly instance: Promise<string | undefined>;
  readonly #options: HomeLineOptions;
  readonly #users = new Map<number, LineUser>();
  readonly #streams = new Map<LineUser, number>();
  readonly #dialing = new AbortController();
  #link: RelayLink | undefined;
  #resolveInstance: (instance: string | undefined) => void = () => {};
  #lastStream = 0;
  #timer: Timer;
  #redial: Timer | undefined;
  #closed = false;
  #outgoing: { readonly stream: number; readonly frame: SocketFrame }[] = [];

  constructor(options: HomeLineOptions) {
    this.#options = options;
    this.instance = new Promise((resolve) => (this.#resolveInstance = resolve));
    this.#timer = options.timers.after(options.timeoutMs, () => this.close());
    void this.#dial(1);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Sends frames of a client, whose stream begins with the first. */
  send(user: LineUser, frame: SocketFrame): void {
    if (this.#closed) return;
    const stream = this.#streams.get(user) ?? this.#begin(user);
    this.#outgoing.push({ stream, frame });
    if (this.#outgoing.length === 1) this.#options.timers.soon(() => this.#flush());
  }

  /** The rights of the client are to be asked anew. */
  recheck(user: LineUser): void {
    const stream = this.#streams.get(user);
    if (stream === undefined) return;
    this.#flush();
    this.#say({ word: "recheck", stream });
  }

  /** The connection of the client is gone. */
  leave(user: LineUser): void {
    const stream = this.#streams.get(user);
    if (stream === undefined || this.#closed) return;
    this.#flush();
    this.#streams.delete(user);
    this.#users.delete(stream);
    this.#say({ word: "gone", stream });
    if (this.#users.size === 0) this.#timer = this.#options.timers.after(this.#options.idleMs, () => this.close());
  }

  onWord(text: string): void {
    const word = homeWordOf(text);
    if (word === undefined) return this.#fault("says what is no word");
    if (word.word === "home") {
      this.#timer.cancel();
      if (word.name !== this.#options.home) return this.#fault("is another home");
      this.#timer = this.#options.timers.after(this.#options.idleMs, () => this.close());
      return this.#resolveInstance(word.instance);
    }
    const user = this.#users.get(word.stream);
    if (word.word === "attached") user?.onAttached(this, word.number, word.lane);
    else if (word.word === "released") user?.onReleased(this, word.number);
    else if (user !== undefined) void this.#answer(user, word);
  }

  onFrames(message: Uint8Array): void {
    try {
      const shared = decodeShared(message);
      if (shared.kind !== "message") return this.#fault("sends what are no frames");
      const frames = protobufCodec.decodeServer(shared.message);
      this.#users.get(shared.stream)?.onFrames(this, frames);
    } catch (error) {
      if (!(error instanceof HawserError)) throw error;
      this.#fault("sends what are no frames");
    }
  }

  /** What clients send is bounded by the credit that the home gives. */
  onRoom(): void {}

  onClose(): void {
    this.close();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer.cancel();
    this.#redial?.cancel();
    this.#dialing.abort();
    this.#link?.close();
    this.#resolveInstance(undefined);
    const users = [...this.#users.values()];
    this.#users.clear();
    this.#streams.clear();
    this.#outgoing = [];
    this.#options.onClosed(this);
    for (const user of users) user.onLineClosed(this);
  }

  async #dial(tries: number): Promise<void> {
    const { dialer, address, home, timers } = this.#options;
    try {
      const link = await dialer.dial(address, this.#dialing.signal);
      if (this.#closed) return link.close();
      this.#link = link;
      link.handlers = this;
    } catch (error) {
      if (this.#closed) return;
      if (tries < maxDials) {
        this.#redial = timers.after(redialMs, () => void this.#dial(tries + 1));
        return;
      }
      this.#options.report(`the relay to ${home}`, error);
      this.close();
    }
  }

  #begin(user: LineUser): number {
    const stream = (this.#lastStream += 1);
    const { identity, session, address } = user.client;
    this.#timer.cancel();
    this.#users.set(stream, user);
    this.#streams.set(user, stream);
    this.#say({ word: "client", stream, user: identity.user, session, address });
    return stream;
  }

  /** The frames of a turn, as one message for those of one client that follow each other. */
  #flush(): void {
    const outgoing = this.#outgoing;
    this.#outgoing = [];
    for (let at = 0; at < outgoing.length;) {
      const { stream } = outgoing[at]!;
      const parts: Uint8Array[] = [];
      let bytes = 0;
      for (; at < outgoing.length && outgoing[at]!.stream === stream && bytes < mostMessageBytes; at += 1) {
        const part = protobufCodec.encode(outgoing[at]!.frame);
        parts.push(part);
        bytes += part.length;
      }
      this.#link?.sendFrames(encodeShared({ kind: "message", stream, message: joined(parts, bytes) }));
    }
  }

  #say(word: ClientWord): void {
    if (!this.#closed) this.#link?.sendWord(JSON.stringify(word));
  }

  async #answer(
    { client }: LineUser,
    { stream, question, upstream, still }: { stream: number; question: number; upstream: string; still: boolean },
  ): Promise<void> {
    try {
      const may = await (still ? client.mayStill(upstream) : client.may(upstream));
      this.#say({ word: "right", stream, question, may });
    } catch {
      this.#say({ word: "right", stream, question });
    }
  }

  #fault(what: string): void {
    this.#options.report(`the relay to ${this.#options.home}`, new Error(`The other node ${what}.`));
    this.close();
  }
}

/** Of one message of frames that are sent together, but for a frame that is larger. */
const mostMessageBytes = 65_536;

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
