import { HawserError } from "@hawser/protocol";
import type { Ports } from "@hawser/protocol";
import { AddressSource } from "../reconnecting-websocket/address-source.ts";
import type { SocketAddress } from "../reconnecting-websocket/address-source.ts";
import { resolveSocketOptions } from "../reconnecting-websocket/options.ts";
import type { ReconnectingWebSocketOptions } from "../reconnecting-websocket/options.ts";
import type { SocketClosure } from "../reconnecting-websocket/physical-socket.ts";
import { ReconnectingWebSocket } from "../reconnecting-websocket/reconnecting-websocket.ts";
import type { ReceivedData, SocketData } from "../reconnecting-websocket/socket-data.ts";
import type { SocketReconnectingEvent } from "../reconnecting-websocket/socket-events.ts";
import { parseClosing, parseProtocols } from "../reconnecting-websocket/standard-arguments.ts";
import type { SocketCounters } from "../reconnecting-websocket/status.ts";
import type { MemberClosure, MemberStatus, SendOutcome } from "./status.ts";

/** One member of a set: a `ReconnectingWebSocket`, and what it is for. */
export interface MemberOptions extends ReconnectingWebSocketOptions {
  /** An address, a list that is tried in turn, or a function that gives one for each attempt. */
  readonly url: SocketAddress;
  /** Default none. */
  readonly protocols?: string | readonly string[];
  /** What binary messages arrive as. Default `arraybuffer`. */
  readonly binaryType?: "blob" | "arraybuffer";
  /** What the server is told when the set, or this member, is closed. Default 1000, and no reason. */
  readonly closing?: { readonly code?: number; readonly reason?: string };
}

/** What a member tells. Never within a call of its methods, but for `onChange`. */
export interface MemberHandlers {
  onOpen(member: Member): void;
  onMessage(member: Member, data: ReceivedData): void;
  onLost(member: Member, event: SocketReconnectingEvent): void;
  /** It is closed, by either side, for good. Not called for `park`. */
  onClosed(member: Member, closure: SocketClosure): void;
  onChange(): void;
}

/** One member, opened or not. Closing and opening it again keeps its figures. */
export class Member {
  readonly id: string;
  /** Of the set's policy: messages that came first here, and those that another member had brought already. */
  readonly mirror = { won: 0, duplicates: 0 };
  readonly #options: MemberOptions;
  readonly #handlers: MemberHandlers;
  readonly #ports: Ports;
  readonly #past: SocketCounters = { messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0, connects: 0, dropped: 0 };
  #socket: ReconnectingWebSocket | undefined;
  #openedAt = 0;
  #idleSince: number;
  #lastError: HawserError | undefined;
  /** Until the sockets that were parked are closed. */
  #parked: Promise<unknown> = Promise.resolve();

  /** Checks everything, and opens nothing. @throws as the constructor of `ReconnectingWebSocket`. */
  constructor(id: string, options: MemberOptions, handlers: MemberHandlers) {
    this.id = id;
    void new AddressSource(options.url, options.alternates ?? []);
    parseProtocols(options.protocols);
    parseClosing(options.closing?.code, options.closing?.reason ?? "");
    this.#ports = resolveSocketOptions(options).ports;
    this.#idleSince = this.#ports.clock.now();
    this.#options = options;
    this.#handlers = handlers;
  }

  /** The socket, for what the set does not offer. `undefined` while the member is idle. */
  get socket(): ReconnectingWebSocket | undefined {
    return this.#socket;
  }

  /** When its connection opened, by the monotonic clock. */
  get openedAt(): number {
    return this.#openedAt;
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === ReconnectingWebSocket.OPEN;
  }

  /** Not opened yet, or closed again. */
  get isIdle(): boolean {
    return this.#socket === undefined;
  }

  status(active: boolean): MemberStatus {
    const socket = this.#socket?.status;
    const past = this.#past;
    const count = (name: keyof SocketCounters): number => past[name] + (socket?.[name] ?? 0);
    return {
      id: this.id,
      state: socket?.state ?? "idle",
      since: socket?.since ?? this.#idleSince,
      active,
      url: socket?.url ?? "",
      protocol: this.#socket?.protocol ?? "",
      roundTripMs: socket?.roundTripMs,
      messagesIn: count("messagesIn"),
      messagesOut: count("messagesOut"),
      bytesIn: count("bytesIn"),
      bytesOut: count("bytesOut"),
      reconnects: Math.max(0, count("connects") - 1),
      dropped: count("dropped"),
      queuedMessages: socket?.queuedMessages ?? 0,
      won: this.mirror.won,
      duplicates: this.mirror.duplicates,
      lastError: socket?.lastError ?? this.#lastError,
    };
  }

  open(): void {
    if (this.#socket !== undefined) return;
    const { url, protocols, binaryType = "arraybuffer", closing: _closing, ...options } = this.#options;
    const socket = new ReconnectingWebSocket(url, protocols, { queueBeforeOpen: true, ...options });
    this.#socket = socket;
    socket.binaryType = binaryType;
    // A socket that was parked closes in the background, and is heard no more.
    const current = (): boolean => this.#socket === socket;
    socket.addEventListener("open", () => {
      this.#openedAt = this.#ports.clock.monotonic();
      if (current()) this.#handlers.onOpen(this);
    });
    socket.addEventListener("message", ({ data }) => {
      if (current()) this.#handlers.onMessage(this, data);
    });
    socket.addEventListener("reconnecting", (event) => {
      if (current()) this.#handlers.onLost(this, event);
    });
    socket.addEventListener("close", (closure) => {
      if (!current()) return;
      this.#retire(socket);
      this.#handlers.onClosed(this, closure);
    });
    socket.addEventListener("status", () => {
      if (current()) this.#handlers.onChange();
    });
    this.#handlers.onChange();
  }

  /** Sends, or queues while there is no connection. Never throws: what one member refuses is no matter of the others. */
  send(data: SocketData): SendOutcome {
    const socket = this.#socket;
    if (socket === undefined) {
      const error = new HawserError("connection-lost", `The member "${this.id}" is not open`, { retry: true });
      return { member: this.id, state: "refused", error };
    }
    const state = this.isOpen ? "sent" : "queued";
    try {
      socket.send(data);
      return { member: this.id, state, error: undefined };
    } catch (cause) {
      const error = cause instanceof HawserError ? cause : new HawserError("internal", String(cause), { cause });
      return { member: this.id, state: "refused", error };
    }
  }

  /** Closes it, and tells how that went; within the socket's `closeTimeoutMs`. */
  async close(): Promise<MemberClosure> {
    const socket = this.#socket;
    const closure = socket === undefined ? undefined : this.#end(socket);
    await this.#parked;
    if (closure === undefined) return { member: this.id, code: undefined, reason: "", wasClean: true };
    const { code, reason, wasClean } = await closure;
    return { member: this.id, code, reason, wasClean };
  }

  /** Becomes idle at once, and closes what there is in the background. */
  park(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#retire(socket);
    this.#parked = Promise.all([this.#parked, this.#end(socket)]);
  }

  /** Closes a socket with this member's code. @returns how it ended. */
  #end(socket: ReconnectingWebSocket): Promise<SocketClosure> {
    const { code = 1000, reason = "" } = this.#options.closing ?? {};
    return new Promise((resolve) => {
      socket.addEventListener("close", resolve);
      socket.close(code, reason);
    });
  }

  /** The socket is this member's no more; its figures are. */
  #retire(socket: ReconnectingWebSocket): void {
    if (this.#socket !== socket) return;
    const { status } = socket;
    for (const name of Object.keys(this.#past) as (keyof SocketCounters)[]) this.#past[name] += status[name];
    this.#lastError = status.lastError;
    this.#idleSince = status.since;
    this.#socket = undefined;
  }
}
