import { abnormalClosure } from "@hawser/protocol";
import type { Ports } from "@hawser/protocol";
import type { Connector } from "../transport/transport.ts";
import type { SharedHostLimits } from "./host-limits.ts";
import { HostSocket } from "./host-socket.ts";
import { HostStream } from "./host-stream.ts";
import type { HostStreamHandlers } from "./host-stream.ts";
import type { Line, ToHost, ToTab } from "./line.ts";
import { holdAlive, watchAlive } from "./liveness.ts";
import type { LockManagerLike } from "./liveness.ts";

export interface SharedHostOptions {
  /** Opens the physical connections. */
  readonly connector: Connector;
  readonly ports: Ports;
  readonly locks: LockManagerLike | undefined;
  /** The lock that says that this host lives: a name that nobody else has. */
  readonly alive: string;
  readonly limits: SharedHostLimits;
}

/**
 * Holds the physical connections of all tabs: in a shared worker, or in the tab that was elected. A connection carries
 * streams of one principal to one endpoint, and of each client at most one.
 */
export class SharedHost implements HostStreamHandlers {
  readonly #options: SharedHostOptions;
  readonly #alive: ReturnType<typeof holdAlive>;
  readonly #streams = new Set<HostStream>();
  /** By principal and endpoint. */
  readonly #sockets = new Map<string, Set<HostSocket>>();
  readonly #socketOf = new Map<HostStream, HostSocket>();
  #closed = false;

  constructor(options: SharedHostOptions) {
    this.#options = options;
    this.#alive = holdAlive(options.locks, options.alive);
  }

  /** Takes the line of a stream that begins. */
  attach(line: Line<ToTab, ToHost>): void {
    const { maxStreams, maxUnreadBytes } = this.#options.limits;
    const stream = new HostStream(line, maxUnreadBytes, this);
    if (this.#closed || this.#streams.size >= maxStreams) {
      stream.end(abnormalClosure, `There are ${maxStreams} streams already.`);
      return;
    }
    this.#streams.add(stream);
    void this.#alive.held.then((alive) => stream.here(alive));
  }

  /** Ends every connection and every stream; the tabs find another host. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const sockets = [...this.#sockets.values()].flatMap((some) => [...some]);
    for (const socket of sockets) socket.close(1001, "The host of this connection goes away.");
    for (const stream of this.#streams) stream.end(abnormalClosure, "The host of this connection goes away.");
    this.#streams.clear();
    this.#alive.release();
  }

  onConnect(stream: HostStream, wanted: Extract<ToHost, { kind: "connect" }>): void {
    stream.watched(watchAlive(this.#options.locks, wanted.alive, () => stream.gone()));
    const key = JSON.stringify([wanted.principal, wanted.url]);
    let socket: HostSocket;
    try {
      socket = this.#socketFor(key, wanted.url, wanted.client);
    } catch (error) {
      this.#forget(stream);
      stream.end(abnormalClosure, String(error));
      return;
    }
    this.#socketOf.set(stream, socket);
    socket.add(stream);
  }

  onMessage(stream: HostStream, message: Uint8Array): void {
    this.#socketOf.get(stream)?.send(stream, message);
  }

  onConfirm(stream: HostStream, mark: Uint8Array): void {
    this.#socketOf.get(stream)?.confirm(stream, mark);
  }

  onEnd(stream: HostStream, code: number, reason: string): void {
    const socket = this.#socketOf.get(stream);
    this.#forget(stream);
    socket?.remove(stream, code, reason);
  }

  #socketFor(key: string, url: string, client: string): HostSocket {
    const sockets = this.#sockets.get(key) ?? new Set<HostSocket>();
    for (const socket of sockets) if (socket.takes(client)) return socket;
    const { connector, ports, limits } = this.#options;
    const socket: HostSocket = new HostSocket({
      connector,
      url,
      clock: ports.clock,
      maxUnsentBytes: limits.maxUnsentBytes,
      onStreamEnded: (stream) => this.#forget(stream),
      onDone: () => {
        sockets.delete(socket);
        if (sockets.size === 0) this.#sockets.delete(key);
      },
    });
    sockets.add(socket);
    this.#sockets.set(key, sockets);
    return socket;
  }

  #forget(stream: HostStream): void {
    this.#streams.delete(stream);
    this.#socketOf.delete(stream);
  }
}
