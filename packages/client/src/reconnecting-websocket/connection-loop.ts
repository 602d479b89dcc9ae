import { HawserError } from "@hawser/protocol";
import type { Timer } from "@hawser/protocol";
import { Backoff } from "../session/backoff.ts";
import type { AddressSource } from "./address-source.ts";
import type { LostConnection, ResolvedSocketOptions } from "./options.ts";
import { abnormalEnd, PhysicalSocket } from "./physical-socket.ts";
import type { SocketClosure } from "./physical-socket.ts";
import { guarded } from "./guarded.ts";
import { SocketHeartbeat } from "./socket-heartbeat.ts";

/** What of a physical connection stands at a moment. The timer of `connecting` also tells one attempt from another. */
export type LoopState =
  | { readonly kind: "connecting"; readonly socket: PhysicalSocket | undefined; readonly timer: Timer }
  | {
      readonly kind: "open";
      readonly socket: PhysicalSocket;
      readonly heartbeat: SocketHeartbeat | undefined;
      readonly openedAt: number;
    }
  | { readonly kind: "waiting"; readonly until: number; readonly timer: Timer }
  | { readonly kind: "closing"; readonly socket: PhysicalSocket | undefined; readonly timer: Timer | undefined }
  | { readonly kind: "closed" };

/** What the loop tells of its connections, one after the other. */
export interface LoopHandlers {
  onOpen(socket: PhysicalSocket): void;
  /** Not called for answers to the heartbeat. */
  onMessage(data: string | ArrayBuffer): void;
  /** There will be another attempt. */
  onLost(lost: LostConnection, delayMs: number): void;
  /** Once, at the end. @param unsentBytes what the last connection had not sent. */
  onEnd(closure: SocketClosure, unsentBytes: number): void;
  /** The state changed, or the round trip. */
  onChange(): void;
}

/** Keeps one physical connection at a time, and makes another when it is lost, until it is closed or a loss is final. */
export class ConnectionLoop {
  readonly #options: ResolvedSocketOptions;
  readonly #address: AddressSource;
  readonly #protocols: readonly string[];
  readonly #handlers: LoopHandlers;
  readonly #backoff: Backoff;
  readonly #stopListening: () => void;
  #state: LoopState;
  #since: number;
  #roundTripMs: number | undefined;
  #lastError: HawserError | undefined;

  /** Connects at once; the handlers are not called before the constructor is done. */
  constructor(
    options: ResolvedSocketOptions,
    address: AddressSource,
    protocols: readonly string[],
    handlers: LoopHandlers,
  ) {
    this.#options = options;
    this.#address = address;
    this.#protocols = protocols;
    this.#handlers = handlers;
    this.#backoff = new Backoff(options.backoff, options.ports.random);
    this.#since = options.ports.clock.now();
    this.#state = this.#connecting();
    this.#stopListening = options.pageLife.listen({ online: () => this.retry(), offline: () => this.#probe() });
  }

  get state(): LoopState {
    return this.#state;
  }

  /** When the kind of state last changed, in milliseconds since 1970. */
  get since(): number {
    return this.#since;
  }

  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  get lastError(): HawserError | undefined {
    return this.#lastError;
  }

  /** Connects now instead of waiting longer; a connection that stands is asked for a sign of life. */
  retry(): void {
    if (this.#state.kind !== "waiting") return this.#probe();
    this.#state.timer.cancel();
    this.#connect();
  }

  /** Cuts the connection, as if it had been lost. */
  cut(text: string): void {
    if (this.#state.kind === "open") this.#giveUp(this.#state.socket, text);
  }

  /** The closing handshake, where there is a connection; then `onEnd`. */
  close(code: number | undefined, reason: string): void {
    const { ports, closeTimeoutMs } = this.#options;
    const state = this.#state;
    if (state.kind === "closing" || state.kind === "closed") return;
    this.#stopListening();
    if (state.kind === "open") {
      const { socket, heartbeat } = state;
      heartbeat?.stop();
      const timer = ports.timers.after(closeTimeoutMs, () => {
        socket.abandon();
        this.#end(abnormalEnd);
      });
      this.#enter({ kind: "closing", socket, timer });
      socket.close(code, reason);
      return;
    }
    state.timer.cancel();
    if (state.kind === "connecting") state.socket?.abandon();
    this.#enter({ kind: "closing", socket: undefined, timer: undefined });
    // Events come in a turn of their own, never within `close`.
    ports.timers.soon(() => this.#end(abnormalEnd));
  }

  #connect(): void {
    this.#enter(this.#connecting());
  }

  #connecting(): LoopState {
    const { ports, connectTimeoutMs } = this.#options;
    const timer = ports.timers.after(connectTimeoutMs, () => {
      if (this.#state.kind === "connecting" && this.#state.timer === timer) {
        this.#giveUp(this.#state.socket, `There was no connection within ${connectTimeoutMs} ms`);
      }
    });
    const url = this.#address.next();
    if (typeof url === "string") {
      const socket = this.#open(url, timer);
      return { kind: "connecting", socket, timer };
    }
    const current = (): boolean => this.#state.kind === "connecting" && this.#state.timer === timer;
    url.then(
      (asked) => {
        if (current()) this.#enter({ kind: "connecting", socket: this.#open(asked, timer), timer });
      },
      (cause: unknown) => {
        if (current()) this.#lost(abnormalEnd, `There is no address: ${String(cause)}`, cause);
      },
    );
    return { kind: "connecting", socket: undefined, timer };
  }

  /** `undefined` when the platform refuses; then the attempt has failed. */
  #open(url: string, timer: Timer): PhysicalSocket | undefined {
    try {
      const socket: PhysicalSocket = new PhysicalSocket(this.#options.WebSocket, url, this.#protocols, {
        onOpen: () => this.#onOpen(socket),
        onMessage: (data) => this.#onMessage(socket, data),
        onPong: () => {
          if (this.#holds(socket) && this.#state.kind === "open") this.#state.heartbeat?.answered();
        },
        onClose: (closure) => this.#onClose(socket, closure),
      });
      return socket;
    } catch (cause) {
      this.#options.ports.timers.soon(() => {
        if (this.#state.kind !== "connecting" || this.#state.timer !== timer) return;
        this.#lost(abnormalEnd, `The platform refuses the connection: ${String(cause)}`, cause);
      });
      return undefined;
    }
  }

  #onOpen(socket: PhysicalSocket): void {
    if (this.#state.kind !== "connecting" || !this.#holds(socket)) return;
    this.#state.timer.cancel();
    const openedAt = this.#options.ports.clock.monotonic();
    this.#enter({ kind: "open", socket, heartbeat: this.#heartbeat(socket), openedAt });
    this.#handlers.onOpen(socket);
  }

  #onMessage(socket: PhysicalSocket, data: string | ArrayBuffer): void {
    if (!this.#holds(socket)) return;
    const state = this.#state;
    const { heartbeat, ports } = this.#options;
    if (state.kind === "open" && state.heartbeat !== undefined) {
      state.heartbeat.heard();
      if (guarded(ports, () => heartbeat?.isAnswer?.(data)) === true) return state.heartbeat.answered();
    }
    this.#handlers.onMessage(data);
  }

  #onClose(socket: PhysicalSocket, closure: SocketClosure): void {
    if (!this.#holds(socket)) return;
    if (this.#state.kind === "closing") return this.#end(closure);
    const opened = this.#state.kind === "open";
    const why = closure.reason === "" ? "" : ` (${closure.reason})`;
    this.#lost(closure, `The connection ${opened ? "closed" : "did not open: it ended"} with ${closure.code}${why}`);
  }

  #giveUp(socket: PhysicalSocket | undefined, text: string): void {
    socket?.abandon();
    this.#lost(abnormalEnd, text);
  }

  /** The connection is gone, or was not made. */
  #lost(closure: SocketClosure, text: string, cause?: unknown): void {
    const { ports, provenAfterMs, isFinal } = this.#options;
    const state = this.#state;
    const opened = state.kind === "open";
    if (state.kind === "connecting") state.timer.cancel();
    if (opened) {
      state.heartbeat?.stop();
      if (ports.clock.monotonic() - state.openedAt >= provenAfterMs) this.#backoff.reset();
    }
    this.#lastError = new HawserError("connection-lost", text, { retry: true, cause });
    this.#roundTripMs = undefined;
    const lost = { ...closure, url: this.#address.url, opened, failures: this.#backoff.failures };
    if (guarded(ports, () => isFinal(lost)) === true) return this.#end(closure);
    // The function of the application may have closed it.
    if (this.#state !== state) return;
    this.#address.advance();
    const delayMs = this.#backoff.next();
    const timer = ports.timers.after(delayMs, () => this.#connect());
    this.#enter({ kind: "waiting", until: ports.clock.now() + delayMs, timer });
    this.#handlers.onLost(lost, delayMs);
  }

  #heartbeat(socket: PhysicalSocket): SocketHeartbeat | undefined {
    const { heartbeat, ports } = this.#options;
    if (heartbeat === undefined || (heartbeat.ping === true && !socket.canPing)) return undefined;
    const { message } = heartbeat;
    const ask = (): void => {
      const question = guarded(ports, () => (typeof message === "function" ? message() : message));
      if (question !== undefined) socket.send(question);
    };
    return new SocketHeartbeat(ports, heartbeat.intervalMs, heartbeat.timeoutMs, {
      ask: heartbeat.ping === true ? () => socket.ping() : message === undefined ? undefined : ask,
      dead: () => this.cut("Nothing came back within the heartbeat's time"),
      roundTrip: (roundTripMs) => {
        this.#roundTripMs = roundTripMs;
        this.#handlers.onChange();
      },
    });
  }

  #probe(): void {
    if (this.#state.kind === "open") this.#state.heartbeat?.probe();
  }

  #holds(socket: PhysicalSocket): boolean {
    const state = this.#state;
    return state.kind !== "waiting" && state.kind !== "closed" && state.socket === socket;
  }

  #end(closure: SocketClosure): void {
    const state = this.#state;
    if (state.kind === "closed") return;
    if (state.kind === "closing") state.timer?.cancel();
    const unsentBytes = state.kind === "closing" || state.kind === "open" ? (state.socket?.bufferedBytes ?? 0) : 0;
    this.#stopListening();
    this.#enter({ kind: "closed" });
    this.#handlers.onEnd(closure, unsentBytes);
  }

  #enter(state: LoopState): void {
    if (state.kind !== this.#state.kind) this.#since = this.#options.ports.clock.now();
    this.#state = state;
    this.#handlers.onChange();
  }
}
