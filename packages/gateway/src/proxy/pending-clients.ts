import type { Socket } from "node:net";
import type { Timer, Timers } from "@hawser/protocol";

interface Pending {
  socket: Socket;
  readonly timer: Timer;
}

/**
 * The sockets whose request has not come whole. Past the limit the oldest is cut: whoever means it asks in a moment, so that a flood of
 * connections that say nothing keeps nobody out. Each is cut when its time is over.
 */
export class PendingClients {
  readonly #limit: number;
  readonly #timeoutMs: number;
  readonly #timers: Timers;
  /** In the order in which they came, by both ends: TLS puts another socket on the same ones. */
  readonly #byEnds = new Map<string, Pending>();

  constructor(limit: number, timeoutMs: number, timers: Timers) {
    this.#limit = limit;
    this.#timeoutMs = timeoutMs;
    this.#timers = timers;
  }

  get count(): number {
    return this.#byEnds.size;
  }

  add(socket: Socket): void {
    // Reset before it was looked at.
    if (socket.remoteAddress === undefined) return void socket.destroy();
    const ends = endsOf(socket);
    const timer = this.#timers.after(this.#timeoutMs, () => this.#take(ends)?.socket.destroy());
    this.#byEnds.set(ends, { socket, timer });
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.#take(ends));
    if (this.#byEnds.size <= this.#limit) return;
    for (const oldest of this.#byEnds.keys()) {
      this.#take(oldest)?.socket.destroy();
      return;
    }
  }

  /** TLS has made this socket of one that came. False when that one waits no more. */
  secured(socket: Socket): boolean {
    const pending = this.#byEnds.get(endsOf(socket));
    if (pending !== undefined) pending.socket = socket;
    return pending !== undefined;
  }

  /** Its request has come. */
  delete(socket: Socket): void {
    this.#take(endsOf(socket));
  }

  /** Cuts all. */
  cut(): void {
    for (const ends of this.#byEnds.keys()) this.#take(ends)?.socket.destroy();
  }

  #take(ends: string): Pending | undefined {
    const pending = this.#byEnds.get(ends);
    this.#byEnds.delete(ends);
    pending?.timer.cancel();
    return pending;
  }
}

/** What no two open sockets of a port have in common. */
export function endsOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
