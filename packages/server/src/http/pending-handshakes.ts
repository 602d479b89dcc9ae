import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * The sockets of a server whose handshake has not finished. Past the limit the oldest is cut: whoever means it finishes
 * in a moment, so that a flood of handshakes that never finish keeps nobody out.
 */
export class PendingHandshakes {
  readonly #limit: number;
  readonly #onEvicted: () => void;
  /** In the order in which they came. */
  readonly #sockets: Set<Socket>;
  /** Listens on every socket, and is taken off those that have become something else. */
  readonly #onClose: (this: Socket) => void;

  constructor(limit: number, onEvicted: () => void) {
    this.#limit = limit;
    this.#onEvicted = onEvicted;
    const sockets = new Set<Socket>();
    this.#sockets = sockets;
    this.#onClose = function () {
      sockets.delete(this);
    };
  }

  get count(): number {
    return this.#sockets.size;
  }

  /** Looks at each new socket of the server. */
  watch(server: Server): void {
    server.on("connection", (socket: Socket) => {
      socket.on("close", this.#onClose);
      this.#add(socket);
    });
    server.prependListener("upgrade", ({ socket }) => {
      this.#sockets.delete(socket);
      socket.off("close", this.#onClose);
    });
  }

  /** A request of this socket was let in. Call what is returned when it has ended: then the socket is pending again. */
  occupy(socket: Socket): () => void {
    this.#sockets.delete(socket);
    return () => {
      if (!socket.destroyed) this.#add(socket);
    };
  }

  #add(socket: Socket): void {
    this.#sockets.add(socket);
    if (this.#sockets.size > this.#limit) this.#evictOldest();
  }

  #evictOldest(): void {
    for (const socket of this.#sockets) {
      this.#sockets.delete(socket);
      socket.destroy();
      this.#onEvicted();
      return;
    }
  }
}
