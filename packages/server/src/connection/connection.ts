import { closeCodes, HawserError, jsonCodec, protobufCodec } from "@hawser/protocol";
import type {
  AuthenticateFrame,
  ClientFrame,
  ConnectFrame,
  ErrorCode,
  PongFrame,
  ReceivedFrame,
  ResetReason,
  ServerFrame,
} from "@hawser/protocol";
import type { Identity } from "../auth/identity.ts";
import type { Encoding } from "../delivery/block.ts";
import type { Source } from "../delivery/source.ts";
import type { Subscription } from "../delivery/subscription.ts";
import type { NodeServices } from "../node-services.ts";
import type { Peer, Transport, TransportHandlers } from "../transport/transport.ts";
import { Authentication } from "./authentication.ts";
import type { Published } from "./client-context.ts";
import { closeCodeOf } from "./close-code-of.ts";
import { ConnectedClient } from "./connected-client.ts";
import type { ClientHost } from "./connected-client.ts";
import { Connecting } from "./connecting.ts";
import { judgePulse } from "./heartbeat.ts";
import { weightOf } from "./frame-weight.ts";
import { Intake } from "./intake.ts";
import { Rates } from "./rates.ts";
import { judgeRenewal } from "./renewal.ts";
import { expiresInMs, welcome } from "./welcome.ts";
import { Writer } from "./writer.ts";

export interface ConnectionOptions {
  readonly services: NodeServices;
  readonly transport: Transport;
  readonly peer: Peer;
  readonly host: ConnectionHost;
}

/** The node, as its connections see it. */
export interface ConnectionHost {
  /** Asks for one `flush` after this turn of the event loop. */
  scheduleFlush(connection: Connection): void;
  onConnected(connection: Connection, user: string): void;
  onClosed(connection: Connection, user: string | undefined): void;
}

type State =
  | { readonly kind: "opened"; readonly since: number }
  | { readonly kind: "connecting"; readonly connecting: Connecting }
  | { readonly kind: "connected"; readonly client: ConnectedClient; readonly expiresAt: number | undefined }
  | { readonly kind: "closed" };

/** How long a dismissed connection waits for the log to answer. */
const mostAnswerMs = 1_000;

/** One physical connection of a client: its life, what comes in, and what goes out at most once a turn. */
export class Connection implements TransportHandlers, ClientHost {
  readonly encoding: Encoding;
  readonly windowBytes: number;
  readonly #services: NodeServices;
  readonly #transport: Transport;
  readonly #peer: Peer;
  readonly #host: ConnectionHost;
  readonly #intake: Intake;
  readonly #writer: Writer;
  /** While somebody is asked who the client is. */
  #authentication: Authentication | undefined;
  #state: State;
  #heardAt: number;
  #flushScheduled = false;
  /** Something was confirmed since the last flush. */
  #confirmed = false;
  /** Something was written that answers nothing. */
  #unasked = false;

  constructor(options: ConnectionOptions) {
    const { services, transport, peer } = options;
    const { observer, timers, now } = services;
    this.#services = services;
    this.#transport = transport;
    this.#peer = peer;
    this.#host = options.host;
    this.windowBytes = transport.windowBytes ?? 0;
    this.encoding = services.encodings.of(
      peer.subprotocol === "hawser.v1" ? protobufCodec : jsonCodec,
      transport.framing,
    );
    this.#intake = new Intake(transport, timers);
    this.#writer = new Writer(services, transport, this.encoding);
    this.#heardAt = now();
    this.#state = { kind: "opened", since: this.#heardAt };
    transport.handlers = this;
    observer.connectionOpened();
  }

  /** It ends by itself as soon as it is answered. */
  get brief(): boolean {
    return this.#peer.request === "brief";
  }

  /** The user, once connected. */
  get user(): string | undefined {
    return this.#state.kind === "connected" ? this.#state.client.rights.identity.user : undefined;
  }

  /** The session, once connected. */
  get session(): string | undefined {
    return this.#state.kind === "connected" ? this.#state.client.session : undefined;
  }

  get unconfirmedBytes(): number {
    return this.#writer.unconfirmedBytes;
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
    const { limits, observer } = this.#services;
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
    this.#intake.spend(weightOf(frames));
    // What is answered at once needs no flush, but the transport is to be told.
    if (this.#transport.settled !== undefined) this.#schedule();
  }

  onConfirmed(id: number): void {
    this.#heard();
    this.#writer.confirmed(id);
    this.#confirmed = true;
    if (!this.#writer.open) this.#writer.mark();
    else if (!this.#writer.empty) this.#schedule();
    else if (this.#state.kind === "connected") this.#state.client.proceed();
  }

  onAlive(): void {
    this.#heard();
  }

  onClose(code: number): void {
    this.#finish(code);
  }

  wake(source: Source): void {
    this.#writer.list(source);
    this.#schedule();
  }

  onTold(): void {
    this.#unasked = true;
  }

  onReadFailed(subscription: Subscription, error: unknown): void {
    this.#services.logger.warn({ channel: subscription.feed.name, error }, "a page of the log could not be read");
    this.#services.timers.after(1_000, () => subscription.wake());
  }

  after(delayMs: number, callback: () => void): void {
    this.#services.timers.after(delayMs, callback);
  }

  onDelivered(messages: number, shared: boolean): void {
    if (messages > 0) this.onTold();
    this.#services.observer.delivered(messages, shared);
  }

  onReset(reason: ResetReason): void {
    this.onTold();
    this.#services.observer.reset(reason);
  }

  send(frame: ServerFrame, stands?: () => boolean): void {
    if (frame.type === "unsubscribed" || frame.type === "revoked" || frame.type === "move") this.onTold();
    this.#writer.reply(frame, stands);
    this.#owe();
  }

  sendPublished(id: number, outcome: Published): void {
    this.#writer.published(id, outcome);
    this.#owe();
  }

  get mayReply(): boolean {
    return this.#writer.hasRoom;
  }

  reauthenticate(client: ConnectedClient, frame: AuthenticateFrame): void {
    this.#renew(client, frame).catch((error: unknown) => this.#fault("authenticate", error));
  }

  /** Writes what may be written now, in one piece. Called by the node after a turn. */
  flush(): void {
    this.#flushScheduled = false;
    if (this.#state.kind === "closed" || this.#expire()) return;
    const replied = this.#writer.flush();
    if (this.#state.kind !== "connected") return;
    // What waits for room has none more than before, otherwise.
    if (replied || this.#confirmed) this.#state.client.proceed();
    this.#confirmed = false;
    const transport = this.#transport;
    if (transport.settled === undefined || this.#writer.owesReplies) return;
    if (this.#state.client.requests.size === 0) transport.settled(this.#unasked);
  }

  /** Called by the node from time to time: what is due by the clock. */
  sweep(now: number): void {
    const { limits } = this.#services;
    const state = this.#state;
    if (state.kind === "opened" && now - state.since >= limits.connectTimeoutMs)
      this.#close(closeCodes.connectTimeout, "No connect frame came in time.");
    if (state.kind !== "connected") return;
    if (this.#expire() || !this.#beat(now)) return;
    state.client.sweep();
    this.#writer.write(state.client.subscriptions.idleBatches(now, () => this.#writer.open));
  }

  /** Ends it for the reason of an error: the frame that says so, then the close. */
  end(error: HawserError): void {
    this.#end(error.code, error.message, error);
  }

  /** The node goes: what was answered is still written, then the connection closes with 4000. */
  shutDown(): void {
    if (this.#state.kind === "closed") return;
    this.#writer.flushReplies();
    this.#close(closeCodes.goingAway, "This node shuts down.");
  }

  /** Asks the client to be elsewhere by a deadline (CON-12); false when there is no client yet who could be asked. */
  move(deadlineMs: number, endpoints: readonly string[]): boolean {
    if (this.#state.kind !== "connected") return false;
    this.send({
      type: "move",
      deadlineMs,
      delayMs: 0,
      endpoints: [...endpoints],
      reason: "Other nodes should have it.",
    });
    return true;
  }

  /** Its time is over: nothing more is read, what it has published is answered, then it closes with 4000 (CON-12). */
  dismiss(): void {
    if (this.#state.kind !== "connected" || this.#state.client.requests.size === 0) return this.shutDown();
    this.#intake.pause();
    const { appender, timers } = this.#services;
    const late = timers.after(mostAnswerMs, () => this.shutDown());
    void appender.answered().then(() => {
      late.cancel();
      // The close is answered by the client, which has to be read.
      this.#intake.resume();
      this.shutDown();
    });
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
    if (state.kind === "connected" && (frame.type === "pong" || frame.type === "received")) {
      this.#confirm(frame);
      return;
    }
    if (frame.type === "close") {
      if (this.#transport.confirm === undefined) this.#violate("`close` is for transports without one of their own.");
      else this.#close(frame.code, frame.reason);
      return;
    }
    switch (state.kind) {
      case "opened":
        if (frame.type === "connect") this.#connect(frame);
        else this.#violate(`The first frame is connect, not ${frame.type}.`);
        return;
      case "connecting": {
        const refusal = state.connecting.hold(frame);
        if (refusal !== undefined) this.end(refusal);
        return;
      }
      case "connected":
        if (!this.#expire()) state.client.handle(frame);
        return;
      case "closed":
        return;
    }
  }

  /** What it tells beside (that the client is there) was taken with the message itself. */
  #confirm(frame: PongFrame | ReceivedFrame): void {
    if (this.#transport.confirm === undefined) {
      if (frame.type === "received") this.#violate("Confirmation by frame is for transports without a ping.");
    } else if (!this.#transport.confirm(frame)) this.#violate("More is confirmed than was sent.");
  }

  /** Ends it when its token is no longer one (CON-7): nothing is sent or answered in the time until the next sweep. */
  #expire(): boolean {
    const state = this.#state;
    if (state.kind !== "connected" || state.expiresAt === undefined) return false;
    if (this.#services.clock.now() < state.expiresAt) return false;
    this.#end("token-expired", "The token has expired. Connect again with a fresh one.");
    return true;
  }

  #connect(frame: ConnectFrame): void {
    const { limits, random } = this.#services;
    const connecting = new Connecting({ frame, limits, random });
    const state: State = { kind: "connecting", connecting };
    this.#state = state;
    if (connecting.refusal !== undefined) {
      this.end(connecting.refusal);
      return;
    }
    // Whose token is not known yet must not fill the memory of the node: what comes behind is left to the kernel.
    this.#intake.pause();
    connecting
      .identify(this.#asked())
      .then((identity) => {
        if (this.#state !== state) return;
        if (identity instanceof HawserError) this.end(identity);
        else this.#welcome(connecting, identity, frame.session);
      })
      .catch((error: unknown) => this.#fault("connect", error));
  }

  #asked(): Authentication {
    return (this.#authentication ??= new Authentication(this.#services, this.#peer));
  }

  #welcome({ session, behind }: Connecting, identity: Identity, named: string): void {
    const rates = this.#ratesOf(identity.user, named);
    this.#intake.countFor(rates);
    const client = new ConnectedClient({
      services: this.#services,
      host: this,
      session,
      identity,
      rates,
      peer: this.#peer,
    });
    this.#state = { kind: "connected", client, expiresAt: identity.expiresAt };
    this.#services.observer.connected();
    this.#host.onConnected(this, identity.user);
    this.#authentication = undefined;
    this.send(welcome(this.#services, session, identity));
    // It goes out with the answers to what came behind `connect`, if anything did.
    if (behind.length === 0) this.#writer.flushReplies();
    for (const frame of behind) this.#handle(frame);
    // A transport that splits frames by itself closes at once where the next is none, before anything else is written.
    if (this.#transport.confirm !== undefined) this.#writer.flushReplies();
    this.#intake.resume();
  }

  async #renew(client: ConnectedClient, { id, token }: AuthenticateFrame): Promise<void> {
    const identity = await this.#asked().identify(token, client.session);
    if (this.#state.kind !== "connected") return;
    const renewal = judgeRenewal(identity, client.rights.identity);
    if (renewal.kind !== "renewed") {
      client.refuse(id, renewal.error);
      if (renewal.kind === "refused") return;
      this.#writer.flushReplies();
      this.#close(closeCodeOf(renewal.error.code), renewal.error.message);
      return;
    }
    this.#state = { kind: "connected", client, expiresAt: renewal.identity.expiresAt };
    await client.renewRights(renewal.identity);
    const { clock } = this.#services;
    client.answer(id, { type: "authenticated", id, expiresInMs: expiresInMs(renewal.identity, clock) });
  }

  /** A request is one of many of its session; another connection stands for itself. */
  #ratesOf(user: string, session: string): Rates {
    const { sessionRates, limits, clock } = this.#services;
    const { request, address } = this.#peer;
    if (request !== undefined) return sessionRates.of({ user, session, address });
    return new Rates(limits, clock);
  }

  /** A pong goes ahead of what waits, but cannot be asked for without bound (CON-10). */
  #answerPing(nonce: number): void {
    const pong = { type: "pong", nonce } as const;
    if (!this.#writer.sendAhead(pong)) this.send(pong);
  }

  /** A reply waits to be written. */
  #owe(): void {
    if (this.#writer.overrun)
      this.#close(closeCodes.rateLimited, "Requests came faster than their answers were taken.");
    else this.#schedule();
  }

  #schedule(): void {
    if (this.#flushScheduled || this.#state.kind === "closed") return;
    this.#flushScheduled = true;
    this.#host.scheduleFlush(this);
  }

  #heard(): void {
    this.#heardAt = this.#services.clock.monotonic();
  }

  /** False when it ended. */
  #beat(now: number): boolean {
    const pulse = { heardAt: this.#heardAt, waitingSince: this.#writer.waitingSince };
    const judged = judgePulse(pulse, this.#services.limits.heartbeatMs, now);
    if (judged === "ask") this.#writer.mark(true);
    if (judged !== "dead") return true;
    this.#close(closeCodes.heartbeatTimeout, "Nothing was heard for two heartbeats.");
    this.#transport.terminate();
    return false;
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
    this.#writer.reply({ type: "error", id: 0, code, message, retry, retryAfterMs });
    this.#writer.flushReplies();
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
    this.#intake.close();
    this.#authentication?.close();
    this.#writer.clear();
    if (state.kind === "connected") state.client.close();
    this.#services.observer.connectionClosed(code, state.kind === "connected");
    this.#host.onClosed(this, user);
  }
}
