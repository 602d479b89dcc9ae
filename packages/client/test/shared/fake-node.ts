import { decodeShared, encodeShared, sharedSubprotocol } from "@hawser/protocol";
import type { SharedMessage, Timers } from "@hawser/protocol";
import type { Connector, Transport, TransportHandlers } from "../../src/transport/transport.ts";

/** The server's end of physical connections, which the test plays message by message. */
export class FakeNode implements Connector {
  readonly name = "fake";
  readonly sockets: FakeSocket[] = [];
  opens = true;
  readonly #timers: Timers;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Those that are not closed. */
  get open(): FakeSocket[] {
    return this.sockets.filter(({ closed }) => closed === undefined);
  }

  connect(url: string, subprotocol: string, handlers: TransportHandlers): Transport {
    if (url.startsWith("bad:")) throw new Error("SyntaxError: not a URL");
    const socket = new FakeSocket(url, subprotocol, handlers);
    this.sockets.push(socket);
    if (this.opens) this.#timers.soon(() => socket.opened());
    return socket;
  }
}

export class FakeSocket implements Transport {
  readonly url: string;
  readonly subprotocol: string;
  readonly #handlers: TransportHandlers;
  /** What the client has sent and the test has not looked at. */
  #came: SharedMessage[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  bufferedBytes = 0;

  constructor(url: string, subprotocol: string, handlers: TransportHandlers) {
    this.url = url;
    this.subprotocol = subprotocol;
    this.#handlers = handlers;
  }

  opened(max = 32): void {
    if (this.closed !== undefined) return;
    this.#handlers.onOpen(sharedSubprotocol);
    this.say({ kind: "streams", max });
  }

  say(message: Exclude<SharedMessage, { kind: "unknown" }>): void {
    if (this.closed === undefined) this.#handlers.onMessage(encodeShared(message));
  }

  raw(bytes: Uint8Array): void {
    this.#handlers.onMessage(bytes);
  }

  /** The physical connection ends from outside. */
  end(code: number): void {
    this.closed = { code, reason: "" };
    this.#handlers.onClose(code, "");
  }

  came(): SharedMessage[] {
    return this.#came.splice(0);
  }

  send(message: Uint8Array): void {
    if (this.closed !== undefined) throw new Error("sent after close");
    this.#came.push(decodeShared(new Uint8Array(message)));
  }

  close(code: number, reason: string): void {
    if (this.closed === undefined) this.closed = { code, reason };
  }
}
