import { pieceCost, socketCloseCodes, SocketReceiver, SocketSender } from "@hawser/protocol";
import type {
  AttachSocketFrame,
  ErrorCode,
  ServerFrame,
  SocketCloseFrame,
  SocketDataFrame,
  SocketWindowFrame,
  Timer,
  Timers,
} from "@hawser/protocol";
import type { Lane, SocketClient } from "@hawser/server/core";
import type { UpstreamSocket } from "../upstream/upstream-socket.ts";
import { isCloseable } from "./close-frame.ts";
import type { HomeLimits } from "./home-limits.ts";
import type { SocketAccount } from "./socket-account.ts";
import type { SocketRecord } from "./socket-record.ts";
import { PiecesOut } from "./pieces-out.ts";
import { SocketSource } from "./socket-source.ts";

/** The home, as its sockets see it. */
export interface SocketKeeper {
  readonly limits: HomeLimits;
  readonly timers: Timers;
  /** Calls `wake` of the socket soon: the client is to be told how far its stream has come. */
  acknowledge(socket: HomeSocket): void;
  /** The socket is on another connection than before. */
  onAttached(socket: HomeSocket): void;
  /** The socket is over: nothing of it is kept. */
  onOver(socket: HomeSocket): void;
}

/** One connection on which a socket is. */
export interface Binding {
  readonly client: SocketClient;
  /** The socket is on this connection from now on. */
  bound(socket: HomeSocket): void;
  /** The socket is on this connection no more. */
  released(socket: HomeSocket): void;
}

export interface HomeSocketOptions {
  readonly keeper: SocketKeeper;
  /** Of whom it is: user and session. */
  readonly owner: string;
  readonly number: number;
  readonly upstreamName: string;
  readonly lane: Lane;
  readonly token: Uint8Array;
  readonly upstream: UpstreamSocket;
  /** Through which offset the client takes the home's stream. */
  readonly credit: number;
  readonly account: SocketAccount;
}

type Place =
  | { readonly kind: "bound"; readonly binding: Binding; readonly source: SocketSource }
  | { readonly kind: "unbound"; readonly expiry: Timer }
  | { readonly kind: "over" };

/** One virtual socket at its home: two streams with an upstream at one end, and at the other whatever connection it is on. */
export class HomeSocket {
  readonly owner: string;
  readonly number: number;
  readonly upstreamName: string;
  readonly token: Uint8Array;
  readonly #keeper: SocketKeeper;
  readonly #account: SocketAccount;
  readonly #lane: Lane;
  readonly #sender: SocketSender;
  readonly #receiver: SocketReceiver;
  /** `undefined`: it is closed, or left. */
  #upstream: UpstreamSocket | undefined;
  readonly #out = new PiecesOut(
    (...piece) => this.#upstream?.send(...piece),
    (cost) => this.#consumed(cost),
  );
  #generation = 1;
  #place: Place;
  /** No more is read of the upstream. */
  #paused = false;

  constructor(options: HomeSocketOptions, binding: Binding) {
    const { keeper, upstream } = options;
    this.owner = options.owner;
    this.number = options.number;
    this.upstreamName = options.upstreamName;
    this.token = options.token;
    this.#keeper = keeper;
    this.#account = options.account;
    this.#lane = options.lane;
    this.#sender = new SocketSender(options.credit);
    this.#receiver = new SocketReceiver(keeper.limits.socketWindowBytes);
    this.#upstream = upstream;
    this.#place = this.#bindTo(binding);
    upstream.handlers = {
      onMessage: (data, text) => this.#say(data, text),
      onClose: (code, reason) => this.#upstreamClosed(code, reason),
    };
  }

  get over(): boolean {
    return this.#place.kind === "over";
  }

  get generation(): number {
    return this.#generation;
  }

  /** Bytes, with what each message costs beside its own, that are kept for the client, or wait for the upstream. */
  get keptBytes(): number {
    return this.#sender.kept + this.#receiver.unconsumed;
  }

  /** What is known of it, at a time by the clock that does not go back. */
  recordAt(now: number): SocketRecord {
    return this.#account.recordAt(now);
  }

  /** Through which offset the client may send, to begin with. */
  get credit(): number {
    return this.#receiver.tell().credit;
  }

  /**
   * Puts it on another connection (SOCK-11), and answers.
   *
   * @returns false when the client says that it has what was never sent: then the socket is over.
   */
  attach(binding: Binding, { id, generation, received, credit }: AttachSocketFrame): boolean {
    if (!this.#sender.rewind(received, credit)) {
      this.#leave(1008, "");
      this.#finish();
      return false;
    }
    this.#generation = generation;
    this.#account.moves += 1;
    this.#unbind();
    this.#place = this.#bindTo(binding);
    this.#keeper.onAttached(this);
    binding.client.attached?.(this.number, this.#lane);
    binding.client.answer(id, { type: "socket-attached", id, ...this.#receiver.tell() });
    this.#relieve();
    this.wake();
    if (this.#sender.done) this.#finish();
    return true;
  }

  /** Its connection is gone: it waits for another (SOCK-14). */
  detach(): void {
    if (this.#place.kind !== "bound") return;
    this.#place.source.close();
    const { socketResumeMs } = this.#keeper.limits;
    const expiry = this.#keeper.timers.after(socketResumeMs, () => this.abandon("The client did not come back."));
    this.#place = { kind: "unbound", expiry };
  }

  onData(frame: SocketDataFrame): void {
    const reception = this.#receiver.take(frame);
    if (reception.kind === "violated") return this.#violated();
    if (reception.kind !== "taken") return;
    const { piece } = reception;
    this.#account.fromClient.bytes += piece.data.length;
    if (piece.last) this.#account.fromClient.messages += 1;
    if (this.#upstream === undefined) this.#consumed(pieceCost(piece));
    else this.#out.put(piece);
    this.#tell();
  }

  onWindow({ received, credit }: SocketWindowFrame): void {
    if (!this.#sender.confirm(received, credit)) return this.#violated();
    if (this.#sender.done) return this.#finish();
    this.#relieve();
    if (this.#sender.ready) this.wake();
  }

  onClose({ from, code, reason }: SocketCloseFrame): void {
    const reception = isCloseable(code, reason) ? this.#receiver.takeClose(from) : "violated";
    if (reception === "violated") return this.#violated();
    if (reception !== "taken") return;
    this.#out.flush();
    this.#upstream?.close(code === 0 ? undefined : code, reason);
    this.#tell();
  }

  /** The next message on its connection: how far it came, as much as its turn has room for, and the end. */
  takeFrames(): readonly ServerFrame[] {
    const { number } = this;
    const { maxPieceBytes } = this.#keeper.limits;
    const frames: ServerFrame[] = [];
    if (this.#receiver.untold) frames.push({ type: "socket-window", number, ...this.#receiver.tell() });
    for (let cost = 0; cost < maxPieceBytes;) {
      const piece = this.#sender.next(maxPieceBytes - cost);
      if (piece === undefined) break;
      frames.push({ type: "socket-data", number, ...piece });
      cost += pieceCost(piece);
    }
    const close = this.#sender.takeClose();
    if (close !== undefined) frames.push({ type: "socket-close", number, ...close });
    return frames;
  }

  /** There is, or may be, something to say to the client. */
  wake(): void {
    if (this.#place.kind === "bound") this.#place.source.wake();
  }

  /** Ends it by the service's own will, behind what the upstream said: the client is told `code`, the upstream `upstreamCode`. */
  end(code: number, reason: string, upstreamCode: number): void {
    if (this.#upstream === undefined) return;
    this.#leave(upstreamCode, reason);
    this.#account.code = code;
    this.#sender.close(code, reason);
    this.wake();
  }

  /** The right to it is gone (SOCK-20): nothing more of it is said to anybody. */
  forbid(): void {
    this.#detached("forbidden", "The right to this upstream was revoked.");
    this.#account.code = socketCloseCodes.forbidden;
    this.#leave(1008, "");
    this.#finish();
  }

  /** Its client does not want it any more (SOCK-14, SOCK-25): nothing of it is said to him. */
  abandon(reason: string): void {
    if (this.#upstream !== undefined) this.#account.code = socketCloseCodes.resumeExpired;
    this.#leave(1001, reason);
    this.#finish();
  }

  /** The home is no more. */
  terminate(): void {
    this.#detached("socket-gone", "The node that held this socket goes away.");
    if (this.#upstream !== undefined) this.#account.code = socketCloseCodes.homeLost;
    this.#leave(1001, "");
    this.#finish();
  }

  #bindTo(binding: Binding): Place {
    const source = new SocketSource(this.#lane, this, binding.client.reader);
    binding.bound(this);
    return { kind: "bound", binding, source };
  }

  #unbind(): void {
    const place = this.#place;
    if (place.kind === "unbound") place.expiry.cancel();
    if (place.kind !== "bound") return;
    place.source.close();
    place.binding.released(this);
  }

  /** Whoever has it on a connection is told that it is over. */
  #detached(code: ErrorCode, message: string): void {
    if (this.#place.kind !== "bound") return;
    const { number } = this;
    const generation = this.#generation;
    this.#place.binding.client.tell({ type: "detach-socket", number, generation, code, message, retry: false });
  }

  /** The upstream said a message. */
  #say(data: Uint8Array, text: boolean): void {
    const { maxSocketMessageBytes, socketWindowBytes } = this.#keeper.limits;
    if (data.length > maxSocketMessageBytes) return this.end(1009, "A message of the upstream is too long.", 1009);
    // An upstream that is to close is read for its answer: what it says meanwhile has no bound of its own.
    if (this.#receiver.closed && this.#sender.kept >= socketWindowBytes) return;
    this.#account.fromUpstream.bytes += data.length;
    this.#account.fromUpstream.messages += 1;
    this.#sender.push(data, text, true);
    if (!this.#paused && this.#sender.kept >= socketWindowBytes) {
      this.#paused = true;
      this.#upstream?.pause();
    }
    this.wake();
  }

  #upstreamClosed(code: number, reason: string): void {
    if (this.#upstream === undefined) return;
    this.#upstream = undefined;
    this.#account.code = code;
    this.#sender.close(code === 1005 ? 0 : code, reason);
    this.wake();
  }

  /** The client has taken some: the upstream is read on when half of the window is free. */
  #relieve(): void {
    if (!this.#paused || this.#sender.kept > this.#keeper.limits.socketWindowBytes / 2) return;
    this.#paused = false;
    this.#upstream?.resume();
  }

  #consumed(cost: number): void {
    this.#receiver.consumed(cost);
    this.#tell();
  }

  #tell(): void {
    if (this.#place.kind !== "bound") return;
    if (this.#receiver.due) this.wake();
    else if (this.#receiver.untold) this.#keeper.acknowledge(this);
  }

  #violated(): void {
    this.end(socketCloseCodes.streamViolated, "The client broke its stream.", 1008);
  }

  /** Closes the upstream's socket, which is heard no more. */
  #leave(code: number, reason: string): void {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    this.#upstream = undefined;
    upstream.handlers = { onMessage: () => {}, onClose: () => {} };
    // The answer to a close is read, too.
    if (this.#paused) upstream.resume();
    upstream.close(code, reason);
  }

  #finish(): void {
    if (this.#place.kind === "over") return;
    this.#unbind();
    this.#place = { kind: "over" };
    this.#keeper.onOver(this);
  }
}
