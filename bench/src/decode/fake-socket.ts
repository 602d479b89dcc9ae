/** What comes over a WebSocket: text, or bytes. */
export type SocketData = string | ArrayBuffer;

type Listener =
  | ((event: { readonly data?: SocketData; readonly code?: number; readonly reason?: string }) => void)
  | null;

/** Told of what a client sends; answers with what the server would. */
export type Answer = (data: SocketData | Uint8Array, socket: FakeSocket) => void;

/**
 * The standard `WebSocket`, as far as both clients use it, without a network below it: what comes is handed to
 * `onmessage` as a browser would, so that nothing but the client is measured.
 */
export class FakeSocket {
  /** Of the server that the next one connects to. */
  static answer: Answer = () => {};
  /** Called when a client has made one. */
  static onMade: (socket: FakeSocket) => void = () => {};

  binaryType = "blob";
  readonly bufferedAmount = 0;
  readonly extensions = "";
  readonly protocol: string;
  readonly url: string;
  readyState = 0;
  onopen: Listener = null;
  onmessage: Listener = null;
  onerror: Listener = null;
  onclose: Listener = null;
  readonly #answer = FakeSocket.answer;

  constructor(url: string, protocol: string | string[] = "") {
    this.url = url;
    this.protocol = typeof protocol === "string" ? protocol : (protocol[0] ?? "");
    setTimeout(() => {
      this.readyState = 1;
      this.onopen?.({});
    }, 0);
    FakeSocket.onMade(this);
  }

  send(data: SocketData | Uint8Array): void {
    this.#answer(data, this);
  }

  close(): void {
    this.readyState = 3;
    setTimeout(() => this.onclose?.({ code: 1000, reason: "" }), 0);
  }

  /** What the server sends now. */
  receive(data: SocketData): void {
    this.onmessage?.({ data });
  }
}

/** Before Socket.IO's client is loaded, which looks for a global `WebSocket` only then. */
export function installFakeSocket(): void {
  (globalThis as { WebSocket?: unknown }).WebSocket = FakeSocket;
}
