import { abnormalClosure, closeCodes } from "@hawser/protocol";
import type { Timer, Timers } from "@hawser/protocol";
import type { Transport, TransportHandlers } from "../transport/transport.ts";
import { costOf, takenEvery } from "./line.ts";
import type { Line, ToHost, ToTab } from "./line.ts";
import { watchAlive } from "./liveness.ts";
import type { LockManagerLike } from "./liveness.ts";

export interface TabStreamOptions {
  readonly line: Line<ToHost, ToTab>;
  readonly url: string;
  readonly principal: string;
  readonly client: string;
  readonly subprotocol: string;
  /** The lock that says that this tab lives, once it is held. */
  readonly alive: Promise<string | undefined>;
  readonly locks: LockManagerLike | undefined;
  readonly timers: Timers;
  /** Until a host must have answered. */
  readonly hostTimeoutMs: number;
  /** No host has answered in time. Whether the stream goes on waiting. */
  readonly onUnanswered: () => boolean;
  /** Once, at its end. */
  readonly onEnded: () => void;
  readonly handlers: TransportHandlers;
}

/** A stream as its tab sees it: to the client a connection like any other. */
export class TabStream implements Transport {
  readonly #options: TabStreamOptions;
  readonly #line: Line<ToHost, ToTab>;
  #state: "calling" | "opening" | "open" | "closed" = "calling";
  #unanswered: Timer | undefined;
  #stopWatching = (): void => {};
  /** What was taken and not told yet. */
  #taken = 0;

  constructor(options: TabStreamOptions) {
    this.#options = options;
    this.#line = options.line;
    this.#line.onMessage = (message) => this.#onMessage(message);
    this.#unanswered = options.timers.after(options.hostTimeoutMs, () => this.#onUnanswered());
  }

  /** What waits behind the line is not known on this side of it. */
  get bufferedBytes(): number {
    return 0;
  }

  send(message: Uint8Array): void {
    if (this.#state !== "open") return;
    // A copy, which is handed over: the sender may keep other messages in the same buffer.
    const data = new Uint8Array(message);
    this.#line.post({ kind: "message", data }, [data.buffer]);
  }

  close(code: number, reason: string): void {
    if (this.#state === "closed") return;
    const dead = code === closeCodes.heartbeatTimeout || code === closeCodes.connectTimeout;
    if (dead && this.#state === "calling") this.#options.onUnanswered();
    this.#line.post({ kind: "close", code, reason });
    this.#leave();
    this.#options.timers.soon(() => this.#options.handlers.onClose(code, reason));
  }

  /** Ends it without the client's doing: the page is hidden for good, or its host is gone. */
  cut(reason: string): void {
    if (this.#state === "closed") return;
    this.#line.post({ kind: "close", code: abnormalClosure, reason });
    this.#end(abnormalClosure, reason);
  }

  #onMessage(message: ToTab): void {
    const { handlers, subprotocol } = this.#options;
    if (this.#state === "closed") return;
    switch (message.kind) {
      case "here":
        if (this.#state === "calling") void this.#connect(message.alive);
        return;
      case "open":
        if (this.#state !== "opening") return;
        this.#state = "open";
        return handlers.onOpen(subprotocol);
      case "message":
        if (this.#state !== "open") return;
        this.#took(costOf(message.data));
        return handlers.onMessage(message.data);
      case "mark":
        return this.#line.post({ kind: "confirm", mark: message.mark });
      case "close":
        return this.#end(message.code, message.reason);
    }
  }

  async #connect(hostAlive: string | undefined): Promise<void> {
    const { url, principal, client, alive, locks } = this.#options;
    this.#state = "opening";
    this.#unanswered?.cancel();
    this.#stopWatching = watchAlive(locks, hostAlive, () => this.cut("The host of this connection is gone."));
    const held = await alive;
    // `cut` and `close` may have come meanwhile.
    if ((this.#state as string) === "closed") return;
    this.#line.post({ kind: "connect", url, principal, client, alive: held });
  }

  #took(cost: number): void {
    this.#taken += cost;
    if (this.#taken < takenEvery) return;
    this.#line.post({ kind: "taken", cost: this.#taken });
    this.#taken = 0;
  }

  #onUnanswered(): void {
    if (this.#options.onUnanswered()) return;
    this.cut("Nobody holds connections for this tab.");
  }

  #end(code: number, reason: string): void {
    this.#leave();
    this.#options.handlers.onClose(code, reason);
  }

  #leave(): void {
    this.#state = "closed";
    this.#unanswered?.cancel();
    this.#stopWatching();
    this.#line.close();
    this.#options.onEnded();
  }
}
