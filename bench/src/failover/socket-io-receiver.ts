import { WebSocket } from "ws";

export interface SocketIoReceiverHandlers {
  readonly onMessage: (text: string) => void;
  readonly onConnected: () => void;
  /** The server has forgotten the session: what was sent meanwhile is lost. */
  readonly onForgotten: () => void;
}

/**
 * What the client of Socket.IO 4 does with connection state recovery, by the protocol (Engine.IO 4, Socket.IO 5): it keeps
 * the private session id and the offset of the last packet, and gives them when it connects again. It does so at once: the
 * real one waits, by default for half a second and more.
 */
export class SocketIoReceiver {
  readonly #url: string;
  readonly #handlers: SocketIoReceiverHandlers;
  #socket: WebSocket | undefined;
  #pid = "";
  #offset = "";
  #closed = false;

  constructor(port: number, handlers: SocketIoReceiverHandlers) {
    this.#url = `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`;
    this.#handlers = handlers;
    this.#connect();
  }

  close(): void {
    this.#closed = true;
    this.#socket?.close();
  }

  #connect(): void {
    const socket = new WebSocket(this.#url, { perMessageDeflate: false });
    this.#socket = socket;
    socket.on("message", (data) => this.#onPacket((data as Buffer).toString("utf8"), socket));
    socket.on("error", () => {});
    socket.on("close", () => {
      if (!this.#closed) this.#connect();
    });
  }

  #onPacket(packet: string, socket: WebSocket): void {
    if (packet.startsWith("42")) {
      const [, text, offset] = JSON.parse(packet.slice(2)) as [string, string, string];
      this.#offset = offset;
      this.#handlers.onMessage(text);
    } else if (packet.startsWith("40")) {
      const { pid } = JSON.parse(packet.slice(2)) as { pid: string };
      if (this.#pid !== "" && pid !== this.#pid) this.#handlers.onForgotten();
      this.#pid = pid;
      this.#handlers.onConnected();
    } else if (packet.startsWith("0")) {
      const session = this.#pid === "" ? "" : JSON.stringify({ pid: this.#pid, offset: this.#offset });
      socket.send(`40${session}`);
    } else if (packet === "2") socket.send("3");
  }
}
