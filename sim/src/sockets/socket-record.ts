import type { Report } from "../check/violation.ts";
import type { Process } from "../time/process.ts";
import { MessageStream } from "./message-stream.ts";

/** How one end closed, or was closed. 1005: without a code; 1006: without a close. */
export interface SocketEnd {
  readonly code: number;
  readonly reason: string;
}

/** Codes of section 17 that the service closes with, as the specification has them. */
const homeLost = 4400;
const resumeExpired = 4401;
const nodeDrained = 4402;
const forbidden = 4403;

/** What messages a stream may be ahead by beside its windows: the one that was begun, and what it costs beside its bytes. */
const slackBytes = 64;

/** Of differences of simulated times. */
const roundingMs = 1e-6;

export interface SocketRecordOptions {
  readonly id: number;
  /** What its client calls it. */
  readonly label: string;
  readonly upstream: string;
  readonly user: string;
  readonly client: Process;
  readonly home: Process;
  readonly windowBytes: number;
  readonly largestBytes: number;
  readonly resumeMs: number;
  /** Clients are being closed, which closes their sockets. */
  readonly isLeaving: () => boolean;
  readonly now: () => number;
  readonly report: Report;
  readonly reportBounds: Report;
}

/** All that is known from outside of one socket to an upstream: what was said, heard and told at both ends. */
export class SocketRecord {
  readonly id: number;
  readonly client: Process;
  readonly home: Process;
  readonly upstream: string;
  readonly user: string;
  readonly up = new MessageStream();
  readonly down = new MessageStream();
  readonly #options: SocketRecordOptions;
  /** The client's application was told that it is open. */
  opened = false;
  /** The home was told to drain, or was closed in order. */
  homeLeft = false;
  /** Its client has given it up; whoever reads nothing is told later. */
  givenUp = false;
  /** The right to open it was revoked in its life. */
  forbidden = false;
  /** Its upstream said a message that is larger than homes take. */
  oversized = false;
  /** An attach came to a node that is not its home. */
  strayed = false;
  /** Through which offset the home was told that the client has its stream. */
  confirmed = 0;
  /** When the home last got a frame of the socket. */
  heardOfAt = 0;
  /** Cost of what the upstream has taken. */
  taken = 0;
  /** The client's application closed it so; `undefined`: it did not. */
  clientAsked: SocketEnd | undefined;
  /** The client's application was told so. */
  clientEnd: SocketEnd | undefined;
  /** The home closed the upstream's socket so. */
  homeAsked: SocketEnd | undefined;
  /** The home was told that the upstream's socket closed so. */
  upstreamEnd: SocketEnd | undefined;
  #upstreamEndedAt = Number.POSITIVE_INFINITY;

  constructor(options: SocketRecordOptions) {
    this.id = options.id;
    this.client = options.client;
    this.home = options.home;
    this.upstream = options.upstream;
    this.user = options.user;
    this.heardOfAt = options.now();
    this.#options = options;
  }

  get name(): string {
    return `${this.#options.label} (${this.id})`;
  }

  /** Nothing is to come any more, at either end. */
  get settled(): boolean {
    const isOver = !this.home.alive || this.upstreamEnd !== undefined;
    if (!this.client.alive || this.clientEnd !== undefined || !this.opened) return isOver;
    return this.up.missing === 0 && this.down.missing === 0 && !isOver && this.homeAsked === undefined;
  }

  /** The home is given a message of the upstream. */
  upstreamSays(text: boolean, data: Uint8Array): void {
    const { windowBytes, largestBytes, reportBounds } = this.#options;
    // It is the last that counts.
    if (data.length > largestBytes) this.oversized = true;
    if (this.oversized) return;
    this.down.say(text, data);
    if (this.homeAsked !== undefined) return;
    const kept = this.down.end - this.confirmed;
    if (kept > windowBytes + largestBytes + slackBytes)
      reportBounds(`${this.name}: its home keeps ${kept} for the client, with a window of ${windowBytes}`);
  }

  clientHeard(text: boolean, data: Uint8Array): void {
    if (this.clientEnd !== undefined) this.#fail("was given a message behind its close");
    if (this.clientAsked !== undefined) this.#fail("was given a message when its client had closed it");
    const wrong = this.down.hear(text, data);
    if (wrong !== undefined) this.#fail(`down: ${wrong}`);
  }

  upstreamHeard(text: boolean, data: Uint8Array): void {
    const wrong = this.up.hear(text, data);
    if (wrong !== undefined) this.#fail(`up: ${wrong}`);
  }

  /** The home closes the upstream's socket: as its client did, or because nobody comes back to it. */
  homeCloses(end: SocketEnd): void {
    this.homeAsked ??= end;
    if (this.clientAsked !== undefined && isSame(this.clientAsked, end)) return;
    // Its client gave it up before it was open.
    if ((end.code === 1005 || end.code === 1001) && !this.opened) return;
    if (end.code === 1008 && this.forbidden) return;
    if (end.code === 1009 && this.oversized) return;
    if (end.code !== 1001) this.#fail(`is closed by its home with ${end.code} "${end.reason}"; ${this.describe()}`);
    else if (
      this.clientEnd === undefined &&
      !this.givenUp &&
      !this.strayed &&
      !this.forbidden &&
      !this.homeLeft &&
      !this.#options.isLeaving() &&
      this.#options.now() - this.heardOfAt < this.#options.resumeMs - roundingMs
    )
      this.#fail(`is left by its home, which heard of its client a moment ago; ${this.describe()}`);
  }

  /** The upstream has taken all up to the home's close. */
  upstreamTookAll(): void {
    const { clientAsked, homeAsked } = this;
    if (clientAsked === undefined || homeAsked === undefined || !isSame(clientAsked, homeAsked)) return;
    if (this.up.missing > 0) this.#fail(`was closed as its client asked, ${this.up.missing} messages too early`);
  }

  upstreamEnds(end: SocketEnd): void {
    this.upstreamEnd = end;
    this.#upstreamEndedAt = this.#options.now();
  }

  clientClosed(end: SocketEnd, wasClean: boolean): void {
    if (this.clientEnd !== undefined) this.#fail("was told of its close twice");
    this.clientEnd = end;
    if (this.#isOfUpstream(end) && wasClean !== (end.code !== 1006))
      this.#fail(`was closed with ${end.code}, and wasClean is ${wasClean}; ${this.describe()}`);
    if (end.code === 1009 && this.oversized) {
      if (this.down.missing > 0 && this.clientAsked === undefined)
        this.#fail(`was closed for a message that is too large, ${this.down.missing} messages too early`);
    } else if (!this.#isOfUpstream(end)) {
      if (!this.#mayEnd(end.code)) this.#fail(`was closed with ${end.code} for no reason; ${this.describe()}`);
    } else if (this.down.missing > 0 && this.clientAsked === undefined) {
      this.#fail(`was closed by its upstream, ${this.down.missing} messages too early`);
    }
  }

  describe(): string {
    const { opened, up, down, clientAsked, clientEnd, homeAsked, upstreamEnd, homeLeft } = this;
    const known = {
      upstream: this.upstream,
      forbidden: this.forbidden,
      opened,
      up: up.missing,
      down: down.missing,
      clientAsked,
      clientEnd,
      homeAsked,
      upstreamEnd,
      homeLeft,
    };
    return `${this.name}: ${JSON.stringify(known)}, at ${this.home.name}, which is ${this.home.alive ? "there" : "gone"}`;
  }

  #isOfUpstream(end: SocketEnd): boolean {
    return this.upstreamEnd !== undefined && isSame(this.upstreamEnd, end);
  }

  #mayEnd(code: number): boolean {
    switch (code) {
      case homeLost:
        return !this.home.alive || this.strayed || this.#isLeft || this.homeLeft || this.#isLong;
      case resumeExpired:
        return true;
      case forbidden:
        return this.forbidden;
      case nodeDrained:
        return this.homeLeft;
      case 1006:
        return this.#options.isLeaving();
      default:
        return false;
    }
  }

  /** Its home ended it by itself, and what it said of that was lost. */
  get #isLeft(): boolean {
    return this.homeAsked?.code === 1001 || this.forbidden;
  }

  /** Its upstream closed it so long ago that the home may have waited for its client in vain. */
  get #isLong(): boolean {
    return this.#options.now() - this.#upstreamEndedAt > 0 && this.upstreamEnd !== undefined;
  }

  #fail(what: string): void {
    this.#options.report(`${this.name} ${what}`);
  }
}

function isSame(one: SocketEnd, other: SocketEnd): boolean {
  return one.code === other.code && one.reason === other.reason;
}
