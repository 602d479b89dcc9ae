import type { PlatformWebSocket, PlatformWebSocketClass } from "../../src/reconnecting-websocket/physical-socket.ts";

type Handler = ((event: never) => void) | null;

/** A platform's socket that does what the test says. */
export class FakeSocket implements PlatformWebSocket {
  binaryType = "blob";
  bufferedAmount = 0;
  protocol = "";
  extensions = "";
  readyState = 0;
  onopen: Handler = null;
  onmessage: Handler = null;
  onerror: Handler = null;
  onclose: Handler = null;
  readonly sent: unknown[] = [];
  readonly closes: unknown[][] = [];
  readonly url: string;
  readonly protocols: string[];

  constructor(url: string, protocols: string[]) {
    this.url = url;
    this.protocols = protocols;
  }

  send(data: unknown): void {
    this.sent.push(data);
  }

  close(...closing: unknown[]): void {
    this.closes.push(closing);
    this.readyState = 2;
  }

  /** The handshake is done. */
  open(protocol = ""): void {
    this.protocol = protocol;
    this.readyState = 1;
    this.onopen?.({} as never);
  }

  /** A message comes in. */
  message(data: string | ArrayBuffer): void {
    this.onmessage?.({ data } as never);
  }

  /** The connection ends. */
  end(code = 1006, reason = "", wasClean = code !== 1006): void {
    this.readyState = 3;
    this.onclose?.({ code, reason, wasClean } as never);
  }
}

/** A platform whose sockets can be looked at, in the order in which they were made. */
export interface FakePlatform {
  readonly WebSocket: PlatformWebSocketClass;
  readonly sockets: FakeSocket[];
  /** The newest. */
  readonly last: FakeSocket;
}

export function fakePlatform(Base: typeof FakeSocket = FakeSocket): FakePlatform {
  const sockets: FakeSocket[] = [];
  class WebSocket extends Base {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      sockets.push(this);
    }
  }
  return {
    WebSocket,
    sockets,
    get last() {
      return sockets.at(-1)!;
    },
  };
}
