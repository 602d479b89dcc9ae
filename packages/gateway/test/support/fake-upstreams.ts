import { HawserError } from "@hawser/protocol";
import type {
  UpstreamHandlers,
  UpstreamRequest,
  Upstreams,
  UpstreamSocket,
} from "../../src/upstream/upstream-socket.ts";

/** What an upstream got: whole messages, put together of their pieces. */
export interface UpstreamMessage {
  readonly text: boolean;
  readonly data: Uint8Array;
}

/** An upstream's socket whose other end is the test. */
export class FakeUpstream implements UpstreamSocket {
  readonly protocol: string;
  readonly extensions = "";
  handlers: UpstreamHandlers | undefined;
  readonly got: UpstreamMessage[] = [];
  paused = false;
  closed: { readonly code: number | undefined; readonly reason: string } | undefined;
  terminated = false;
  /** While false, what was sent stays in this process: nobody is told that it was written. */
  takes = true;
  /** Whether it answers a close with the same. */
  answersClose = true;
  #waiting: (() => void)[] = [];
  #piece: number[] = [];

  constructor(protocol: string) {
    this.protocol = protocol;
  }

  send(piece: Uint8Array, text: boolean, last: boolean, written: () => void): void {
    if (this.closed !== undefined) throw new Error("sent after close");
    this.#piece.push(...piece);
    if (last) {
      this.got.push({ text, data: Uint8Array.from(this.#piece) });
      this.#piece = [];
    }
    if (this.takes) written();
    else this.#waiting.push(written);
  }

  /** Of a message that is not whole. */
  get partBytes(): number {
    return this.#piece.length;
  }

  /** Pieces that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes what waits. */
  takeAll(): void {
    for (const written of this.#waiting.splice(0)) written();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(code: number | undefined, reason: string): void {
    this.closed = { code, reason };
    if (this.answersClose) this.handlers?.onClose(code ?? 1005, reason);
  }

  terminate(): void {
    this.terminated = true;
  }

  say(data: string | Uint8Array): void {
    const text = typeof data === "string";
    this.handlers?.onMessage(text ? new TextEncoder().encode(data) : data, text);
  }
}

/** Upstreams of the name "quotes", which open at once unless told not to; "full" is unavailable, "none" refuses. */
export class FakeUpstreams implements Upstreams {
  readonly requests: UpstreamRequest[] = [];
  readonly sockets: FakeUpstream[] = [];
  /** Set: nothing opens until the signal ends it. */
  hangs = false;
  /** Set: what opens does so when this is called. */
  late: (() => void) | undefined;

  get newest(): FakeUpstream {
    return this.sockets.at(-1)!;
  }

  open(request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamSocket> {
    this.requests.push(request);
    if (request.upstream === "full")
      return Promise.reject(new HawserError("upstream-unavailable", "No target.", { retry: true }));
    if (request.upstream === "none") return Promise.reject(new HawserError("upstream-refused", "404."));
    if (request.upstream !== "quotes") return Promise.reject(new HawserError("upstream-unknown", "No such upstream."));
    if (this.hangs)
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
    const socket = new FakeUpstream(request.protocols[0] ?? "");
    this.sockets.push(socket);
    if (this.late !== undefined) return new Promise((resolve) => (this.late = () => resolve(socket)));
    return Promise.resolve(socket);
  }
}
