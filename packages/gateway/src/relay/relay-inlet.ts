import { decodeShared, HawserError, protobufCodec } from "@hawser/protocol";
import type { ClientFrame, Clock, Timers } from "@hawser/protocol";
import type { SocketFrame } from "@hawser/server/core";
import type { Home } from "../home/home.ts";
import type { RelayLink, RelayLinkHandlers } from "./relay-link.ts";
import { clientWordOf } from "./relay-word.ts";
import type { HomeWord } from "./relay-word.ts";
import { RelayedClient } from "./relayed-client.ts";
import type { RelayedWay } from "./relayed-client.ts";

export interface RelayInletOptions {
  readonly home: Home;
  readonly link: RelayLink;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly report: (what: string, error: unknown) => void;
  readonly onClosed: (inlet: RelayInlet) => void;
}

/** A link that another node opened to this home: each client of the other node that has sockets here is one stream of it. */
export class RelayInlet implements RelayLinkHandlers, RelayedWay {
  readonly #options: RelayInletOptions;
  readonly #clients = new Map<number, RelayedClient>();
  /** Those that have something to send, the next one first. */
  readonly #listed = new Set<RelayedClient>();
  #flushing = false;
  #closed = false;

  constructor(options: RelayInletOptions) {
    this.#options = options;
    options.link.handlers = this;
    this.say({ word: "home", name: options.home.name, instance: options.home.instance });
  }

  onWord(text: string): void {
    const word = clientWordOf(text);
    if (word === undefined) return this.#fault("says what is no word");
    const client = this.#clients.get(word.stream);
    if (word.word === "client") {
      if (client !== undefined) return this.#fault("begins a stream twice");
      this.#clients.set(word.stream, new RelayedClient(this.#options.home, this, word));
    } else if (word.word === "gone") {
      this.#clients.delete(word.stream);
      client?.close();
    } else if (word.word === "recheck") client?.recheck();
    else client?.answered(word.question, word.may);
  }

  onFrames(message: Uint8Array): void {
    let frames: readonly ClientFrame[];
    let client: RelayedClient | undefined;
    try {
      const shared = decodeShared(message);
      if (shared.kind !== "message") return this.#fault("sends what are no frames");
      client = this.#clients.get(shared.stream);
      frames = protobufCodec.decodeClient(shared.message);
    } catch (error) {
      if (!(error instanceof HawserError)) throw error;
      return this.#fault("sends what are no frames");
    }
    for (const frame of frames) if (isOfSocket(frame)) client?.handle(frame);
  }

  onRoom(): void {
    this.#flush();
  }

  onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    const clients = [...this.#clients.values()];
    this.#clients.clear();
    this.#listed.clear();
    for (const client of clients) client.close();
    this.#options.onClosed(this);
  }

  sendFrames(message: Uint8Array): void {
    if (!this.#closed) this.#options.link.sendFrames(message);
  }

  say(word: HomeWord): void {
    if (!this.#closed) this.#options.link.sendWord(JSON.stringify(word));
  }

  list(client: RelayedClient): void {
    this.#listed.add(client);
    if (this.#flushing || this.#closed) return;
    this.#flushing = true;
    this.#options.timers.soon(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  report(what: string, error: unknown): void {
    this.#options.report(what, error);
  }

  close(): void {
    this.#options.link.close();
    this.onClose();
  }

  /** One message of each client in turn, while the link takes them. */
  #flush(): void {
    const now = this.#options.clock.monotonic();
    for (const client of this.#listed) {
      if (this.#options.link.full) return;
      // Behind those that are there, where it has its next turn.
      this.#listed.delete(client);
      if (client.flushOne(now)) this.#listed.add(client);
    }
  }

  #fault(what: string): void {
    this.report("a relay", new Error(`The other node ${what}.`));
    this.close();
  }
}

function isOfSocket(frame: ClientFrame): frame is SocketFrame {
  return frame.type.includes("socket");
}
