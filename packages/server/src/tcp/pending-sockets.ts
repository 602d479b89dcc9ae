import type { Socket } from "node:net";
import type { Timer, Timers } from "@hawser/protocol";

export interface PendingSocketsOptions {
  readonly limit: number;
  readonly timeoutMs: number;
  readonly timers: Timers;
  readonly onEvicted: () => void;
  /** The preamble did not come in time; the socket is the one to answer on. */
  readonly onOverdue: (socket: Socket) => void;
}

interface Pending {
  /** As it came. */
  readonly raw: Socket;
  /** The one to answer on: after a TLS handshake another than `raw`. */
  readonly socket: Socket;
  readonly timer: Timer;
}

/**
 * The sockets whose preamble (and TLS handshake) is not complete. Past the limit the oldest is cut: whoever means it
 * finishes in a moment, so that a flood of connections that say nothing keeps nobody out.
 */
export class PendingSockets {
  readonly #options: PendingSocketsOptions;
  /** In the order in which they came; TLS puts another socket on the same addresses. */
  readonly #byPeer = new Map<string, Pending>();

  constructor(options: PendingSocketsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#byPeer.size;
  }

  /** A socket has come. False when it has gone already. */
  add(socket: Socket): boolean {
    const { limit, timeoutMs, timers, onOverdue, onEvicted } = this.#options;
    socket.on("error", () => socket.destroy());
    const key = peerOf(socket);
    if (key === undefined) {
      // Reset before it was looked at: nobody reads from it, so that it would not be found closed either.
      socket.destroy();
      return false;
    }
    const timer = timers.after(timeoutMs, () => {
      const overdue = this.#take(key)?.socket;
      if (overdue !== undefined) onOverdue(overdue);
    });
    this.#byPeer.set(key, { raw: socket, socket, timer });
    socket.once("close", () => {
      if (this.#byPeer.get(key)?.raw === socket) this.#take(key);
    });
    if (this.#byPeer.size <= limit) return true;
    for (const oldest of this.#byPeer.keys()) {
      this.#take(oldest)?.socket.destroy();
      onEvicted();
      break;
    }
    return !socket.destroyed;
  }

  /** The TLS handshake of a socket that came has made this one of it. False when it is pending no more. */
  secured(socket: Socket): boolean {
    socket.on("error", () => socket.destroy());
    const key = peerOf(socket);
    const pending = key === undefined ? undefined : this.#byPeer.get(key);
    if (key === undefined || pending === undefined) {
      socket.destroy();
      return false;
    }
    this.#byPeer.set(key, { ...pending, socket });
    return true;
  }

  /** It is complete, or refused. */
  delete(socket: Socket): void {
    const key = peerOf(socket);
    if (key !== undefined) this.#take(key);
  }

  /** Cuts all. */
  cut(): void {
    for (const key of this.#byPeer.keys()) this.#take(key)?.socket.destroy();
  }

  #take(key: string): Pending | undefined {
    const pending = this.#byPeer.get(key);
    this.#byPeer.delete(key);
    pending?.timer.cancel();
    return pending;
  }
}

/** No two open sockets of a port have the same; `undefined` once it is closed. */
function peerOf({ remoteAddress, remotePort, localAddress }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort} ${localAddress}`;
}
