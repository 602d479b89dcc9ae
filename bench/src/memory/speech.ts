import { protobufCodec } from "@hawser/protocol";
import type { ClientFrame } from "@hawser/protocol";
import { RawConnection } from "../load/raw-connection.ts";
import type { Speech } from "./messages.ts";

const socketIoPath = "/socket.io/?EIO=4&transport=websocket";

/** Opens one connection that is subscribed to one channel, or in one room, and stays. */
export const openers: Readonly<Record<Speech, (port: number) => Promise<RawConnection>>> = {
  async plain(port) {
    const connection = dial(port, "/", "", () => {});
    await connection.opened();
    return connection;
  },

  async hawser(port) {
    const came = new Arrivals();
    const connection = dial(port, "/hawser", protobufCodec.subprotocol, (bytes) => {
      for (const frame of protobufCodec.decodeServer(bytes)) {
        if (frame.type === "error") throw new Error(`${frame.code}: ${frame.message}`);
        came.arrive(frame.type);
      }
    });
    await connection.opened();
    send(connection, { type: "connect", token: "", session: "", agent: "hawser-bench" });
    await came.arrived("connected");
    send(connection, subscribe);
    await came.arrived("subscribed");
    return connection;
  },

  async "socket.io"(port) {
    const came = new Arrivals();
    const connection = dial(port, socketIoPath, "", (bytes) => {
      const packet = Buffer.from(bytes).toString("latin1");
      // Engine.IO's ping and open; Socket.IO's connect to the namespace, and the acknowledgement of `join`.
      if (packet === "2") connection.send("text", Buffer.from("3"));
      else if (packet.startsWith("0")) connection.send("text", Buffer.from("40"));
      else came.arrive(packet.slice(0, 2));
    });
    await connection.opened();
    await came.arrived("40");
    connection.send("text", Buffer.from(`420["join"]`));
    await came.arrived("43");
    return connection;
  },
};

const subscribe: ClientFrame = {
  type: "subscribe",
  id: 1,
  channel: "bench",
  generation: 1,
  position: undefined,
  last: 0,
  credit: 0,
  grant: new Uint8Array(),
};

function send(connection: RawConnection, frame: ClientFrame): void {
  connection.send("binary", protobufCodec.encode(frame));
}

function dial(port: number, path: string, subprotocol: string, onData: (bytes: Uint8Array) => void): RawConnection {
  return new RawConnection({
    port,
    path,
    subprotocol,
    onData: (bytes, start, end) => onData(Uint8Array.prototype.slice.call(bytes, start, end)),
    twins: undefined,
    onRead: () => {},
    onFailure: (error) => {
      throw error;
    },
  });
}

/** What came, and who waits for it. */
class Arrivals {
  readonly #came = new Set<string>();
  readonly #waiting = new Map<string, () => void>();

  arrive(what: string): void {
    this.#came.add(what);
    this.#waiting.get(what)?.();
  }

  arrived(what: string): Promise<void> {
    if (this.#came.has(what)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.set(what, resolve));
  }
}
