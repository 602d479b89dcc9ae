import { HawserError } from "@hawser/protocol";
import type { Timers } from "@hawser/protocol";
import type { Connector, Link, LinkHandlers, Listener } from "@hawser/log-server";

/** Bytes that one end of a link takes in one piece at most, so that frames are cut. */
const pieceBytes = 1_000;

/** Links in simulated time: they take a while, cut what they carry in pieces, hold back, and break when they are told to. */
export class SimulatedNetwork {
  delayMs = 1;
  /** Whoever wants a link is refused. */
  down = false;
  readonly #timers: Timers;
  readonly #ends = new Set<End>();
  #accept: ((link: Link) => LinkHandlers) | undefined;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  readonly listener: Listener = {
    listen: async (accept) => {
      if (this.#accept !== undefined) throw new HawserError("log-locked", "somebody listens");
      this.#accept = accept;
      return { socket: "simulated", close: async () => void (this.#accept = undefined) };
    },
  };

  readonly connector: Connector = {
    target: "simulated",
    connect: (handlers) =>
      new Promise((resolve, reject) => {
        this.#timers.after(this.delayMs, () => {
          const accept = this.#accept;
          if (accept === undefined || this.down) {
            reject(new Error("nobody listens"));
            return;
          }
          const near = new End(this, this.#timers);
          const far = new End(this, this.#timers);
          near.join(far, handlers);
          far.join(near, accept(far));
          this.#ends.add(near).add(far);
          resolve(near);
        });
      }),
  };

  /** Links that are there. */
  get links(): number {
    return this.#ends.size / 2;
  }

  /** Breaks every link: what is on its way is lost, here and there at any byte. */
  cut(): void {
    for (const end of [...this.#ends]) end.destroy();
  }

  /** No byte goes either way any more, and nobody is told. */
  silence(): void {
    for (const end of this.#ends) end.silent = true;
  }

  /** The near end of a link reads nothing any more: of all that there are, or of the one made as the n-th of them. */
  stall(index?: number): void {
    const near = [...this.#ends].filter((_, at) => at % 2 === 0);
    for (const end of index === undefined ? near : near.slice(index, index + 1)) end.stalled = true;
  }

  unstall(): void {
    for (const end of this.#ends) {
      end.stalled = false;
      end.resume();
    }
  }

  /** The most that waits for one end of a link. */
  get mostUnsentBytes(): number {
    return Math.max(...[...this.#ends].map(({ unsentBytes }) => unsentBytes));
  }

  forget(end: End): void {
    this.#ends.delete(end);
  }
}

class End implements Link {
  silent = false;
  stalled = false;
  readonly #network: SimulatedNetwork;
  readonly #timers: Timers;
  #other: End | undefined;
  #handlers: LinkHandlers | undefined;
  /** What the other end was sent and did not take yet. */
  #outgoing: Uint8Array[] = [];
  #scheduled = false;
  #paused = false;
  #ending = false;
  #closed = false;

  constructor(network: SimulatedNetwork, timers: Timers) {
    this.#network = network;
    this.#timers = timers;
  }

  join(other: End, handlers: LinkHandlers): void {
    this.#other = other;
    this.#handlers = handlers;
  }

  get unsentBytes(): number {
    return this.#outgoing.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  write(bytes: Uint8Array): void {
    if (this.#closed || this.#ending) return;
    for (let at = 0; at < bytes.byteLength; at += pieceBytes) this.#outgoing.push(bytes.slice(at, at + pieceBytes));
    this.carry();
  }

  /** Whether it takes these bytes. */
  take(bytes: Uint8Array): boolean {
    if (this.#paused || this.stalled || this.#closed) return false;
    this.#handlers?.onBytes(bytes);
    return true;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#other?.carry();
  }

  end(): void {
    this.#ending = true;
    this.carry();
  }

  destroy(): void {
    if (this.#closed) return;
    this.lost();
    this.#other?.lost();
  }

  /** Breaks this end alone. */
  lost(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#outgoing = [];
    this.#network.forget(this);
    this.#timers.after(0, () => this.#handlers?.onClose());
  }

  /** Gives what waits to the other end, in a while. */
  carry(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    this.#timers.after(this.#network.delayMs, () => {
      this.#scheduled = false;
      if (this.#closed || this.silent) return;
      const before = this.#outgoing.length;
      while (this.#outgoing.length > 0 && this.#other?.take(this.#outgoing[0]!) === true) this.#outgoing.shift();
      if (before > 0 && this.#outgoing.length === 0 && !this.#closed) this.#handlers!.onDrain();
      if (this.#ending && this.#outgoing.length === 0) this.destroy();
    });
  }
}
