import { abnormalClosure, maxEnvelopeBytes } from "@hawser/protocol";
import { costOf } from "./line.ts";
import type { Line, ToHost, ToTab } from "./line.ts";

export interface HostStreamHandlers {
  /** The tab asks for a connection: the first that it says. */
  onConnect(stream: HostStream, wanted: Extract<ToHost, { kind: "connect" }>): void;
  onMessage(stream: HostStream, message: Uint8Array): void;
  onConfirm(stream: HostStream, mark: Uint8Array): void;
  /** The tab ended it, or is gone, or does not take what is posted. Nothing is called after it. */
  onEnd(stream: HostStream, code: number, reason: string): void;
}

/** One stream as the host sees it: the line to its tab, and how much of what was posted the tab has not taken. */
export class HostStream {
  /** Which connector of which tab; known from `connect` on. */
  client = "";
  /** Its number on its connection, from its first message on. */
  number: number | undefined;
  readonly #line: Line<ToTab, ToHost>;
  readonly #handlers: HostStreamHandlers;
  readonly #maxUnreadBytes: number;
  #connected = false;
  #ended = false;
  #unreadBytes = 0;
  #stopWatching = (): void => {};

  constructor(line: Line<ToTab, ToHost>, maxUnreadBytes: number, handlers: HostStreamHandlers) {
    this.#line = line;
    this.#maxUnreadBytes = maxUnreadBytes;
    this.#handlers = handlers;
    line.onMessage = (message) => this.#onMessage(message);
  }

  /** @param stop is called when the stream has ended. */
  watched(stop: () => void): void {
    if (this.#ended) stop();
    else this.#stopWatching = stop;
  }

  here(alive: string | undefined): void {
    this.#post({ kind: "here", alive });
  }

  opened(): void {
    this.#post({ kind: "open" });
  }

  /** The bytes are the tab's now. */
  deliver(message: Uint8Array): void {
    if (this.#ended) return;
    this.#unreadBytes += costOf(message);
    if (this.#unreadBytes > this.#maxUnreadBytes) this.#overrun();
    else {
      const data = own(message);
      this.#post({ kind: "message", data }, [data.buffer]);
    }
  }

  mark(mark: Uint8Array): void {
    this.#post({ kind: "mark", mark });
  }

  /** Ends it from here: the tab is told. */
  end(code: number, reason: string): void {
    this.#post({ kind: "close", code, reason });
    this.#leave();
  }

  /** The tab is gone. */
  gone(): void {
    this.#endByTab(abnormalClosure, "The tab is gone.");
  }

  #onMessage(message: ToHost): void {
    if (this.#ended) return;
    switch (message.kind) {
      case "connect":
        if (this.#connected) return;
        this.#connected = true;
        this.client = message.client;
        return this.#handlers.onConnect(this, message);
      case "message":
        return this.#handlers.onMessage(this, message.data);
      case "confirm":
        return this.#handlers.onConfirm(this, message.mark);
      case "taken":
        this.#unreadBytes = Math.max(0, this.#unreadBytes - message.cost);
        return;
      case "close":
        return this.#endByTab(message.code, message.reason);
    }
  }

  #overrun(): void {
    const reason = "The tab does not take what comes.";
    this.#post({ kind: "close", code: abnormalClosure, reason });
    this.#endByTab(abnormalClosure, reason);
  }

  #endByTab(code: number, reason: string): void {
    if (this.#ended) return;
    this.#leave();
    this.#handlers.onEnd(this, code, reason);
  }

  #post(message: ToTab, transfer?: ArrayBuffer[]): void {
    if (!this.#ended) this.#line.post(message, transfer);
  }

  #leave(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stopWatching();
    this.#line.close();
  }
}

/** A message in a buffer of its own, but for its envelope: the whole buffer goes over to the tab. */
function own(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = message;
  const alone = buffer instanceof ArrayBuffer && buffer.byteLength <= message.length + maxEnvelopeBytes;
  return alone ? (message as Uint8Array<ArrayBuffer>) : new Uint8Array(message);
}
