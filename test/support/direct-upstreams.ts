import { setMaxListeners } from "node:events";
import { HawserError } from "@hawser/protocol";
import type { UpstreamHandlers, UpstreamRequest, Upstreams, UpstreamSocket } from "@hawser/gateway";
import { WebSocket } from "ws";

/** Upstreams by name, each one address, dialled as they are: no pools, no health, no retries. */
export class DirectUpstreams implements Upstreams {
  /** By name, as `ws://127.0.0.1:1234`. */
  readonly #urls: ReadonlyMap<string, string>;

  constructor(urls: Readonly<Record<string, string>>) {
    this.#urls = new Map(Object.entries(urls));
  }

  open({ upstream, path, protocols }: UpstreamRequest, signal: AbortSignal): Promise<UpstreamSocket> {
    const url = this.#urls.get(upstream);
    if (url === undefined) return Promise.reject(new HawserError("upstream-unknown", `There is no "${upstream}"`));
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url + path, [...protocols], { perMessageDeflate: false });
      // One for each that is being opened.
      setMaxListeners(0, signal);
      const giveUp = (): void => socket.terminate();
      signal.addEventListener("abort", giveUp);
      socket.once("unexpected-response", (_request, { statusCode }) =>
        reject(new HawserError("upstream-refused", `The upstream answered ${statusCode}`)),
      );
      socket.once("error", (cause) => reject(new HawserError("upstream-unavailable", String(cause), { retry: true })));
      socket.once("open", () => {
        signal.removeEventListener("abort", giveUp);
        resolve(new DirectSocket(socket));
      });
    });
  }
}

class DirectSocket implements UpstreamSocket {
  readonly #socket: WebSocket;
  #handlers: UpstreamHandlers | undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    // What comes with the answer to the handshake waits for whoever takes it.
    socket.pause();
    socket.binaryType = "nodebuffer";
    socket.on("message", (data: Buffer, binary) => this.#handlers?.onMessage(data, !binary));
    socket.on("close", (code, reason) => this.#handlers?.onClose(code, reason.toString()));
    socket.on("error", () => {});
  }

  get handlers(): UpstreamHandlers | undefined {
    return this.#handlers;
  }

  set handlers(handlers: UpstreamHandlers | undefined) {
    this.#handlers = handlers;
    this.#socket.resume();
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  get extensions(): string {
    return this.#socket.extensions;
  }

  send(piece: Uint8Array, text: boolean, last: boolean, written: () => void): void {
    this.#socket.send(piece, { binary: !text, fin: last }, written);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(code: number | undefined, reason: string): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }
}
