import { closeCodes, HawserError, jsonCodec, protobufCodec } from "@hawser/protocol";
import type {
  AuthenticateFrame,
  ClientFrame,
  ConnectFrame,
  ErrorCode,
  ResetReason,
  ServerFrame,
  Timer,
} from "@hawser/protocol";
import type { Identity } from "../auth/identity.ts";
import type { Encoding } from "../delivery/block.ts";
import type { Reader, Subscription } from "../delivery/subscription.ts";
import type { NodeServices } from "../node-services.ts";
import type { Peer, Transport, TransportHandlers } from "../transport/transport.ts";
import { Authentication } from "./authentication.ts";
import { closeCodeOf } from "./close-code-of.ts";
import { ConnectedClient } from "./connected-client.ts";
import { Outgoing } from "./outgoing.ts";
import { SendWindow } from "./send-window.ts";
import { TokenBucket } from "./token-bucket.ts";

export interface ConnectionOptions {
  readonly services: NodeServices;
  readonly transport: Transport;
  readonly peer: Peer;
  /** Asks for one `flush` after this turn of the event loop. */
  readonly scheduleFlush: (connection: Connection) => void;
  readonly onConnected: (connection: Connection, user: string) => void;
  readonly onClosed: (connection: Connection, user: string | undefined) => void;
}

type State =
  | { readonly kind: "opened"; readonly since: number }
  /** Frames that came behind `connect` wait for its answer (CON-4). */
  | { readonly kind: "authenticating"; readonly behind: ClientFrame[] }
  | { readonly kind: "connected"; readonly client: ConnectedClient; readonly expiresAt: number | undefined }
  | { readonly kind: "closed" };

/** One physical connection of a client: its life, what comes in, and what goes out at most once a turn. */
export class Connection implements TransportHandlers, Reader {
  readonly encoding: Encoding;
  readonly #options: ConnectionOptions;
  readonly #services: NodeServices;
  readonly #transport: Transport;
  readonly #outgoing: Outgoing;
  readonly #window: SendWindow;
  readonly #frames: TokenBucket;
  readonly #authentication: Authentication;
  #state: State;
  #heardAt: number;
  #resting: Timer | undefined;
  /** Reasons for which reading is paused now. */
  #pauses = 0;
  #flushScheduled = false;

  constructor(options: ConnectionOptions) {
    const { services, transport, peer } = options;
    const { limits, clock } = services;
    const now = clock.monotonic();
    this.#options = options;
    this.#services = services;
    this.#transport = transport;
    this.encoding = services.encodings.of(
      peer.subprotocol === "hawser.v1" ? protobufCodec : jsonCodec,
      transport.framing,
    );
    this.#outgoing = new Outgoing(this.encoding);
    this.#window = new SendWindow({ floorBytes: limits.minUnconfirmedBytes, ceilingBytes: limits.maxUnconfirmedBytes });
    this.#frames = new TokenBucket(limits.framesPerSecond, limits.framesBurst, now);
    this.#authentication = new Authentication(services, peer);
    this.#state = { kind: "opened", since: now };
    this.#heardAt = now;
    transport.handlers = this;
    services.observer.connectionOpened();
  }

  /** The user, once connected. */
  get user(): string | undefined {
    return this.#state.kind === "connected" ? this.#state.client.rights.identity.user : undefined;
  }

  get unconfirmedBytes(): number {
    return this.#window.unconfirmedBytes;
  }

  onMessage(message: Uint8Array, binary: boolean): void {
    if (this.#state.kind === "closed") return;
    this.#heard();
    if (binary !== this.encoding.codec.binary) {
      this.#end(
        "frame-malformed",
        `A ${binary ? "binary" : "text"} message is not of ${this.encoding.codec.subprotocol}.`,
      );
      return;
    }
    const { limits, observer, clock } = this.#services;
    if (message.byteLength > limits.maxMessageBytes) {
      this.#close(closeCodes.messageTooBig, `A message has at most ${limits.maxMessageBytes} bytes.`);
      return;
    }
    let frames: ClientFrame[];
    try {
      frames = this.encoding.codec.decodeClient(message);
    } catch (error) {
      if (error instanceof HawserError) this.#end(error.code, error.message);
      else this.#fault("decode", error);
      return;
    }
    observer.received(frames.length, message.byteLength);
    for (const frame of frames) this.#handle(frame);
    const restMs = this.#frames.spend(frames.length, clock.monotonic());
    if (restMs > 0) this.#rest(restMs);
  }

  onConfirmed(id: number): void {
    this.#heard();
    this.#window.confirmed(id, this.#services.clock.monotonic());
    this.#proceed();
  }

  onAlive(): void {
    this.#heard();
  }

  onClose(code: number): void {
    this.#finish(code);
  }

  wake(subscription: Subscription): void {
    this.#outgoing.list(subscription);
    this.#schedule();
  }

  onReadFailed(subscription: Subscription, error: unknown): void {
    this.#services.logger.warn({ channel: subscription.feed.name, error }, "a page of the log could not be read");
    this.#services.timers.after(1_000, () => subscription.wake());
  }

  onDelivered(messages: number, shared: boolean): void {
    this.#services.observer.delivered(messages, shared);
  }

  onReset(reason: ResetReason): void {
    this.#services.observer.reset(reason);
  }

  /** Writes what may be written now, in one piece. Called by the node after a turn. */
  flush(): void {
    this.#flushScheduled = false;
    if (this.#state.kind === "closed" || this.#expire()) return;
    const now = this.#services.clock.monotonic();
    if (!this.#window.open) {
      this.#mark(now);
      return;
    }
    const pieces = this.#outgoing.takeReplies(this.#services.limits.maxMessageBytes);
    this.#write(pieces, now, () => this.#outgoing.takePiece(now));
    if (this.#state.kind === "connected") this.#state.client.history.proceed();
  }

  /** Called by the node from time to time: what is due by the clock. */
  sweep(now: number): void {
    const { limits } = this.#services;
    const state = this.#state;
    if (state.kind === "opened" && now - state.since >= limits.connectTimeoutMs)
      this.#close(closeCodes.connectTimeout, "No connect frame came in time.");
    if (state.kind !== "connected") return;
    if (!this.#expire() && this.#beat(now)) this.#sendIdleBatches(state.client, now);
  }

  /** Ends it for the reason of an error: the frame that says so, then the close. */
  end(error: HawserError): void {
    this.#end(error.code, error.message, error);
  }

  /** The node goes: what was answered is still written, then the connection closes with 4000. */
  shutDown(): void {
    this.#flushReplies();
    this.#close(closeCodes.goingAway, "This node shuts down.");
  }

  /** Asks the client to be elsewhere by a deadline (CON-12). */
  move(deadlineMs: number, delayMs: number, reason: string): void {
    if (this.#state.kind !== "connected") return;
    this.#send({ type: "move", deadlineMs, delayMs, endpoints: [], reason });
  }

  /** The application changed what the user may do. */
  async refresh(): Promise<void> {
    if (this.#state.kind === "connected") await this.#state.client.renewRights();
  }

  #handle(frame: ClientFrame): void {
    const state = this.#state;
    // Before `connected` they wait as every frame does: nothing of the server comes before that (CON-3).
    if (state.kind === "connected" && frame.type === "ping") {
      this.#answerPing(frame.nonce);
      return;
    }
    // What it tells (that the client is there) was taken with the message itself.
    if (state.kind === "connected" && frame.type === "pong") return;
    if (frame.type === "received") {
      this.#violate("Confirmation by frame is for transports without a ping.");
      return;
    }
    switch (state.kind) {
      case "opened":
        if (frame.type === "connect")
          this.#authenticate(frame).catch((error: unknown) => this.#fault("connect", error));
        else this.#violate(`The first frame is connect, not ${frame.type}.`);
        return;
      case "authenticating":
        if (frame.type === "connect") this.#violate("A second connect frame.");
        else if (state.behind.length >= this.#services.limits.maxRequests)
          this.#end("overloaded", "Too many frames before connected.");
        else state.behind.push(frame);
        return;
      case "connected":
        if (!this.#expire()) state.client.handle(frame);
        return;
      case "closed":
        return;
    }
  }

  /** Ends it when its token is no longer one (CON-7): nothing is sent or answered in the time until the next sweep. */
  #expire(): boolean {
    const state = this.#state;
    if (state.kind !== "connected" || state.expiresAt === undefined) return false;
    if (this.#services.clock.now() < state.expiresAt) return false;
    this.#end("token-expired", "The token has expired. Connect again with a fresh one.");
    return true;
  }

  async #authenticate(frame: ConnectFrame): Promise<void> {
    const { clock, random, limits } = this.#services;
    const state: State = { kind: "authenticating", behind: [] };
    this.#state = state;
    const session = frame.session === "" ? hex(random.bytes(16)) : frame.session;
    if (isLongerThan(frame.token, limits.maxTokenBytes)) {
      this.#end("token-invalid", `A token has at most ${limits.maxTokenBytes} bytes.`);
      return;
    }
    if (session.length > 64) {
      this.#violate("A session identifier has at most 64 characters.");
      return;
    }
    // Whose token is not known yet must not fill the memory of the node: what comes behind is left to the kernel.
    this.#pause();
    const identity = await this.#authentication.identify(frame.token, session);
    if (this.#state !== state) return;
    if (identity instanceof HawserError) {
      this.end(identity);
      return;
    }
    const client = this.#newClient(session, identity);
    this.#state = { kind: "connected", client, expiresAt: identity.expiresAt };
    this.#services.observer.connected();
    this.#options.onConnected(this, identity.user);
    this.#send({
      type: "connected",
      session,
      node: this.#services.name,
      user: identity.user,
      expiresInMs: this.#expiresInMs(identity),
      heartbeatMs: limits.heartbeatMs,
      maxMessageBytes: limits.maxMessageBytes,
      maxSubscriptions: limits.maxSubscriptions,
      maxRequests: limits.maxRequests,
      time: clock.now(),
      deduplicateMs: this.#services.deduplicateMs ?? 0,
    });
    // Written before the frames behind are handled: the pong to a ping among them goes ahead of what waits.
    this.#write(this.#outgoing.takeReplies(limits.maxMessageBytes), clock.monotonic());
    for (const behind of state.behind) this.#handle(behind);
    this.#resume();
  }

  async #reauthenticate(frame: AuthenticateFrame): Promise<void> {
    const state = this.#state;
    if (state.kind !== "connected") return;
    const { client } = state;
    const identity = await this.#authentication.identify(frame.token, client.session);
    if (this.#state.kind !== "connected") return;
    if (identity instanceof HawserError && saysNothing(identity)) {
      client.refuse(frame.id, identity);
      return;
    }
    const same = !(identity instanceof HawserError) && identity.user === client.rights.identity.user;
    if (!same) {
      const error =
        identity instanceof HawserError ? identity : new HawserError("token-invalid", "The token is another user's.");
      client.refuse(frame.id, error);
      this.#flushReplies();
      this.#close(closeCodeOf(error.code), error.message);
      return;
    }
    this.#state = { kind: "connected", client, expiresAt: identity.expiresAt };
    await client.renewRights(identity);
    client.answer(frame.id, { type: "authenticated", id: frame.id, expiresInMs: this.#expiresInMs(identity) });
  }

  #newClient(session: string, identity: Identity): ConnectedClient {
    return new ConnectedClient({
      services: this.#services,
      session,
      identity,
      reader: this,
      send: (frame) => this.#send(frame),
      violate: (message) => this.#violate(message),
      reauthenticate: (frame) =>
        void this.#reauthenticate(frame).catch((error: unknown) => this.#fault("authenticate", error)),
      mayReply: () => this.#window.open && this.#outgoing.replyBytes < this.#services.limits.maxHistoryBytes,
    });
  }

  #expiresInMs(identity: Identity): number {
    return identity.expiresAt === undefined
      ? 0
      : Math.min(Number.MAX_SAFE_INTEGER, Math.max(1, Math.round(identity.expiresAt - this.#services.clock.now())));
  }

  #send(frame: ServerFrame): void {
    this.#outgoing.reply(frame);
    // A peer that asks on and on and takes no answer must not fill the memory of the node (FLOW-2).
    if (this.#outgoing.replies > 4 * this.#services.limits.maxRequests && !this.#window.open) {
      this.#close(closeCodes.rateLimited, "Requests came faster than their answers were taken.");
      return;
    }
    this.#schedule();
  }

  /** A pong goes ahead of what waits, but cannot be asked for without bound (CON-10). */
  #answerPing(nonce: number): void {
    const message = this.encoding.codec.encode({ type: "pong", nonce });
    if (this.#window.open) this.#write([this.encoding.framing.frame(message)], this.#services.clock.monotonic());
    else this.#send({ type: "pong", nonce });
  }

  #write(pieces: Uint8Array[], now: number, more: () => Uint8Array | undefined = () => undefined): void {
    for (const piece of pieces) this.#window.sent(piece.byteLength);
    let bytes = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
    while (this.#window.open) {
      const piece = more();
      if (piece === undefined) break;
      pieces.push(piece);
      this.#window.sent(piece.byteLength);
      bytes += piece.byteLength;
    }
    if (pieces.length === 0) return;
    this.#transport.write(pieces);
    this.#services.observer.sent(bytes);
    this.#mark(now);
  }

  #flushReplies(): void {
    const pieces = this.#outgoing.takeReplies(this.#services.limits.maxMessageBytes);
    if (pieces.length > 0) this.#transport.write(pieces);
  }

  #schedule(): void {
    if (this.#flushScheduled || this.#state.kind === "closed") return;
    this.#flushScheduled = true;
    this.#options.scheduleFlush(this);
  }

  #proceed(): void {
    if (!this.#window.open) this.#mark(this.#services.clock.monotonic());
    else if (!this.#outgoing.empty) this.#schedule();
    else if (this.#state.kind === "connected") this.#state.client.history.proceed();
  }

  #heard(): void {
    this.#heardAt = this.#services.clock.monotonic();
  }

  /** Silence is answered with a question, then with the end (CON-11, FLOW-3). False when it ended. */
  #beat(now: number): boolean {
    const { heartbeatMs } = this.#services.limits;
    const waitingSince = this.#window.waitingSince;
    const silentMs = now - this.#heardAt;
    if (silentMs >= 2 * heartbeatMs || (waitingSince !== undefined && now - waitingSince >= 2 * heartbeatMs)) {
      this.#close(closeCodes.heartbeatTimeout, "Nothing was heard for two heartbeats.");
      this.#transport.terminate();
      return false;
    }
    if (silentMs >= heartbeatMs && waitingSince === undefined) this.#mark(now, true);
    return true;
  }

  /** Asks the peer to confirm, if that is due. */
  #mark(now: number, force = false): void {
    const mark = this.#window.takeMark(now, force);
    if (mark !== undefined) this.#transport.mark(mark);
  }

  #sendIdleBatches(client: ConnectedClient, now: number): void {
    const { idleBatchMs } = this.#services.limits;
    const pieces: Uint8Array[] = [];
    for (const subscription of client.subscriptions) {
      if (now - subscription.lastBatchAt < idleBatchMs || !this.#window.open) continue;
      const piece = subscription.idleBatch(now);
      if (piece !== undefined) pieces.push(piece);
    }
    this.#write(pieces, now);
  }

  /** Too many frames: reading rests until the rate allows it; nothing is lost. */
  #rest(ms: number): void {
    if (this.#resting !== undefined || this.#state.kind === "closed") return;
    this.#pause();
    this.#resting = this.#services.timers.after(ms, () => {
      this.#resting = undefined;
      this.#resume();
    });
  }

  #pause(): void {
    this.#pauses += 1;
    if (this.#pauses === 1) this.#transport.pause();
  }

  #resume(): void {
    this.#pauses -= 1;
    if (this.#pauses === 0 && this.#state.kind !== "closed") this.#transport.resume();
  }

  #violate(message: string): void {
    this.#end("frame-unexpected", message);
  }

  #fault(what: string, error: unknown): void {
    this.#services.logger.error({ error }, `${what} failed`);
    this.#end("internal", "A fault of the server's own.");
  }

  #end(code: ErrorCode, message: string, error?: HawserError): void {
    if (this.#state.kind === "closed") return;
    const { retry = false, retryAfterMs = 0 } = error ?? {};
    this.#outgoing.reply({ type: "error", id: 0, code, message, retry, retryAfterMs });
    this.#flushReplies();
    this.#close(closeCodeOf(code), message);
  }

  #close(code: number, reason: string): void {
    if (this.#state.kind === "closed") return;
    this.#transport.close(code, reason);
    this.#finish(code);
  }

  #finish(code: number): void {
    const state = this.#state;
    if (state.kind === "closed") return;
    const user = this.user;
    this.#state = { kind: "closed" };
    this.#resting?.cancel();
    this.#authentication.close();
    this.#outgoing.clear();
    if (state.kind === "connected") state.client.close();
    this.#services.observer.connectionClosed(code, state.kind === "connected");
    this.#options.onClosed(this, user);
  }
}

/** An error that says nothing of the token: what held before it goes on until it expires (CON-8). */
function saysNothing(error: HawserError): boolean {
  return error.retry && error.code !== "token-expired";
}

const encoder = new TextEncoder();

function isLongerThan(text: string, maxBytes: number): boolean {
  return text.length > maxBytes || (text.length * 3 > maxBytes && encoder.encode(text).byteLength > maxBytes);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
