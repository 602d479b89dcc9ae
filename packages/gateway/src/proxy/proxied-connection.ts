import type { Socket } from "node:net";
import type { Random, Timer, Timers } from "@hawser/protocol";
import type { PlainEnd, WayCounts } from "./access-log.ts";
import { closeFrame, proxyCloseCodes } from "./close-frame.ts";
import type { ProxyClose } from "./close-frame.ts";
import { OneWay } from "./one-way.ts";

/** Why the proxy itself closes a connection. */
export type CloseCause = "target-down" | "idle" | "drain" | "right-gone";

export interface ProxiedConnectionOptions {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly idleTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly halfClosedTimeoutMs: number;
  readonly timers: Timers;
  readonly random: Random;
  /** Bytes came from the client, and with them the ends of so many messages. */
  readonly onIn: (bytes: number, messages: number) => void;
  /** The same from the target. */
  readonly onOut: (bytes: number, messages: number) => void;
  /** Both sockets are closed. Called once. */
  readonly onClosed: (end: PlainEnd) => void;
}

/** Idle connections are found by looking this often in the time. */
const idleLooks = 4;

const closes: Readonly<Record<CloseCause, ProxyClose>> = {
  "target-down": { code: proxyCloseCodes.serviceRestart, reason: "the server is gone: connect again" },
  idle: { code: proxyCloseCodes.goingAway, reason: "nothing passed for too long" },
  drain: { code: proxyCloseCodes.goingAway, reason: "the gateway is going away: connect again" },
  "right-gone": { code: proxyCloseCodes.forbidden, reason: "the right to this connection is gone" },
};

/**
 * A plain client and its target, behind the handshake: bytes pass both ways as they are. What the proxy itself has to say is
 * one close frame each way, between frames; where that cannot be, the sockets end without one.
 */
export class ProxiedConnection {
  readonly #options: ProxiedConnectionOptions;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #toUpstream: OneWay;
  readonly #toClient: OneWay;
  /** Who began to end it, once somebody has: by a close frame, or by going away. */
  #end: PlainEnd | undefined;
  #idleTimer: Timer | undefined;
  /** Of a close of the proxy's own. */
  #closeTimer: Timer | undefined;
  /** Of the one side, when the other has ended. */
  #halfClosedTimer: Timer | undefined;
  #bytesAtLook = 0;
  #quietLooks = 0;
  #open = 2;

  constructor(options: ProxiedConnectionOptions) {
    const { client, upstream } = options;
    this.#options = options;
    this.#client = client;
    this.#upstream = upstream;
    this.#toUpstream = new OneWay({
      source: client,
      sink: upstream,
      count: options.onIn,
      onClose: () => (this.#end ??= "client"),
    });
    this.#toClient = new OneWay({
      source: upstream,
      sink: client,
      count: options.onOut,
      onClose: () => (this.#end ??= "upstream"),
    });
  }

  get fromClient(): WayCounts {
    return countsOf(this.#toUpstream);
  }

  get fromUpstream(): WayCounts {
    return countsOf(this.#toClient);
  }

  /** Begins, with what either side sent already. */
  start(clientHead: Buffer, upstreamHead: Buffer): void {
    const [client, upstream] = [this.#client, this.#upstream];
    client.on("end", () => this.#clientEnded());
    upstream.on("end", () => this.#upstreamEnded());
    client.on("error", () => this.#clientLost());
    upstream.on("error", () => this.#upstreamLost());
    client.on("close", () => this.#closed("client"));
    upstream.on("close", () => this.#closed("upstream"));
    this.#watchIdle();
    this.#toUpstream.start(clientHead);
    this.#toClient.start(upstreamHead);
    // Either may have gone while nobody listened.
    if (client.closed) this.#closed("client");
    if (upstream.closed) {
      this.#upstreamLost();
      this.#closed("upstream");
    }
  }

  /** Puts a close frame each way as soon as a frame has ended, and cuts what is left behind `closeTimeoutMs`. */
  close(cause: CloseCause): void {
    if (this.#end !== undefined) return this.#cutLater();
    this.#end = cause;
    this.#cutLater();
    const close = closes[cause];
    this.#toClient.onClosingChunk = () => this.#settle();
    this.#toUpstream.onClosingChunk = () => this.#settle();
    this.#toClient.putClose(closeFrame(close));
    this.#toUpstream.putClose(closeFrame(close, this.#options.random.bytes(4)));
    this.#settle();
  }

  /** Ends both sockets, whatever is under way. */
  cut(cause: CloseCause): void {
    this.#end ??= cause;
    this.#destroy();
  }

  /** A side that has got the proxy's close frame and answered it has no more to say. */
  #settle(): void {
    if (this.#toClient.shut && this.#toUpstream.tracker.closeCode !== undefined) this.#toClient.shutDown();
    if (this.#toUpstream.shut && this.#toClient.tracker.closeCode !== undefined) this.#toUpstream.shutDown();
  }

  #clientEnded(): void {
    this.#end ??= "client";
    this.#toUpstream.shutDown();
    if (this.#toClient.shut) this.#toClient.shutDown();
    this.#waitForOther();
  }

  /** Its end where nobody had closed is a death, of which the client is told. */
  #upstreamEnded(): void {
    if (this.#end === undefined) this.#upstreamLost();
    else this.#toClient.shutDown();
    this.#waitForOther();
  }

  #clientLost(): void {
    this.#end ??= "client";
    // What it sent before is the target's.
    this.#toUpstream.shutDown();
    this.#waitForOther();
  }

  #upstreamLost(): void {
    if (this.#end === undefined) {
      this.#end = "upstream-lost";
      this.#toUpstream.onClosingChunk = () => this.#settle();
    }
    // A client that has closed itself waits for an answer that nobody can give.
    this.#toClient.finish(this.#end === "client" ? undefined : closeFrame(closes["target-down"]));
    this.#toUpstream.shutDown();
    this.#waitForOther();
  }

  #closed(side: "client" | "upstream"): void {
    this.#open -= 1;
    if (this.#open > 0) {
      this.#end ??= side;
      // The other one gets what it was still given, and ends in its own time.
      this.#toUpstream.shutDown();
      this.#toClient.shutDown();
      return this.#waitForOther();
    }
    this.#idleTimer?.cancel();
    this.#closeTimer?.cancel();
    this.#halfClosedTimer?.cancel();
    this.#options.onClosed(this.#end ?? side);
  }

  #cutLater(): void {
    const { timers, closeTimeoutMs } = this.#options;
    this.#closeTimer ??= timers.after(closeTimeoutMs, () => this.#destroy());
  }

  #waitForOther(): void {
    const { timers, halfClosedTimeoutMs } = this.#options;
    this.#halfClosedTimer ??= timers.after(halfClosedTimeoutMs, () => this.#destroy());
  }

  #destroy(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }

  #watchIdle(): void {
    const { timers, idleTimeoutMs } = this.#options;
    this.#idleTimer = timers.after(Math.ceil(idleTimeoutMs / idleLooks), () => {
      const bytes = this.#toUpstream.bytes + this.#toClient.bytes;
      this.#quietLooks = bytes === this.#bytesAtLook ? this.#quietLooks + 1 : 0;
      this.#bytesAtLook = bytes;
      if (this.#quietLooks >= idleLooks) this.close("idle");
      else this.#watchIdle();
    });
  }
}

function countsOf({ bytes, tracker }: OneWay): WayCounts {
  return { bytes, messages: tracker.messages, closeCode: tracker.closeCode };
}
