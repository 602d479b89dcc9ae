import type { Timers } from "@hawser/protocol";
import type { Relay } from "../../src/relay/relay.ts";
import type { RelayDialer, RelayLink, RelayLinkHandlers } from "../../src/relay/relay-link.ts";

/** One end of a link in memory: what it sends comes to the other end in order, soon. */
class MemoryLink implements RelayLink {
  handlers: RelayLinkHandlers | undefined;
  full = false;
  other: MemoryLink | undefined;
  readonly #timers: Timers;
  #open = true;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  sendFrames(message: Uint8Array): void {
    this.#carry((handlers) => handlers.onFrames(message.slice()));
  }

  sendWord(word: string): void {
    this.#carry((handlers) => handlers.onWord(word));
  }

  close(): void {
    for (const end of [this, this.other!]) {
      if (!end.#open) continue;
      end.#open = false;
      this.#timers.soon(() => end.handlers?.onClose());
    }
  }

  #carry(deliver: (handlers: RelayLinkHandlers) => void): void {
    if (!this.#open) return;
    this.#timers.soon(() => {
      const { other } = this;
      if (other?.handlers !== undefined && other.#open) deliver(other.handlers);
    });
  }
}

/** Links between homes in one process, by address. */
export class MemoryRelays implements RelayDialer {
  readonly nodes = new Map<string, Relay>();
  readonly dialed: string[] = [];
  /** Ends on the side of whoever dialed. */
  readonly links: MemoryLink[] = [];
  /** Addresses at which nobody answers. */
  readonly silent = new Set<string>();
  readonly #timers: Timers;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  dial(address: string, signal: AbortSignal): Promise<RelayLink> {
    this.dialed.push(address);
    if (this.silent.has(address))
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
    const node = this.nodes.get(address);
    if (node === undefined) return Promise.reject(new Error("refused"));
    const [near, far] = [new MemoryLink(this.#timers), new MemoryLink(this.#timers)];
    near.other = far;
    far.other = near;
    this.links.push(near);
    // The home speaks first, when the one who dialed listens.
    this.#timers.soon(() => this.#timers.soon(() => node.accept(far)));
    return Promise.resolve(near);
  }

  /** Cuts the links that there are. */
  cut(): void {
    for (const link of this.links.splice(0)) link.close();
  }
}
