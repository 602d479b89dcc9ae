import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createDecoder, readVarUint, readVarUint8Array } from "lib0/decoding";
import { createEncoder, length, toUint8Array, writeVarUint, writeVarUint8Array } from "lib0/encoding";
import { expect } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { applyAwarenessUpdate, Awareness, encodeAwarenessUpdate } from "y-protocols/awareness";
import { readSyncMessage, writeSyncStep1, writeUpdate } from "y-protocols/sync";
import { WebsocketProvider } from "y-websocket";
import { Doc } from "yjs";
import type { Scenario } from "./way.ts";

const kinds = { sync: 0, awareness: 1 } as const;

/** Two documents that are edited at both ends, and who is there, over a server of Yjs's own protocol parts. */
export const yWebSocket: Scenario = {
  name: "y-websocket",
  start: async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    const rooms = new Map<string, Room>();
    server.on("connection", (socket, { url = "/" }) => {
      const room = rooms.get(url) ?? new Room();
      rooms.set(url, room);
      room.join(socket);
    });
    await once(server, "listening");
    return {
      url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
      stop: async () => {
        for (const client of server.clients) client.terminate();
        for (const { awareness } of rooms.values()) awareness.destroy();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  },
  run: async ({ url, WebSocket: given }) => {
    const docs = [new Doc(), new Doc()] as const;
    const providers = docs.map(
      (doc) =>
        new WebsocketProvider(`${url}/rooms`, "letters", doc, {
          WebSocketPolyfill: (given ?? WebSocket) as typeof globalThis.WebSocket,
          // Else they speak with each other within the process.
          disableBc: true,
        }),
    );
    const texts = docs.map((doc) => doc.getText("text"));
    const long = "the quick brown fox ".repeat(5_000);
    texts[0]!.insert(0, long);
    await Promise.all(
      providers.map(
        (provider) =>
          new Promise<void>((resolve) => (provider.synced ? resolve() : provider.once("sync", () => resolve()))),
      ),
    );
    for (let index = 0; index < 100; index += 1) texts[index & 1]!.insert(index, String(index % 10));
    const done = texts.map(
      (text) =>
        new Promise<void>((resolve) => {
          const look = (): void => void (text.length === long.length + 100 && resolve());
          text.observe(look);
          look();
        }),
    );
    await Promise.all(done);
    expect(texts[0]!.toJSON()).toBe(texts[1]!.toJSON());
    const [first, second] = providers.map(({ awareness }) => awareness);
    const seen = new Promise<void>((resolve) => {
      second!.on("change", () => {
        if ([...second!.getStates().values()].some((state) => state["name"] === "ada")) resolve();
      });
    });
    first!.setLocalStateField("name", "ada");
    await seen;
    for (const provider of providers) provider.destroy();
  },
};

/** What `y-websocket`'s own server does for one document, by the same protocol parts. */
class Room {
  readonly doc = new Doc();
  readonly awareness = new Awareness(this.doc);
  readonly #sockets = new Set<WebSocket>();

  constructor() {
    this.awareness.setLocalState(null);
    this.doc.on("update", (update: Uint8Array) => this.#tell(kinds.sync, (encoder) => writeUpdate(encoder, update)));
    this.awareness.on("update", ({ added, updated, removed }: Record<"added" | "updated" | "removed", number[]>) => {
      const update = encodeAwarenessUpdate(this.awareness, [...added, ...updated, ...removed]);
      this.#tell(kinds.awareness, (encoder) => writeVarUint8Array(encoder, update));
    });
  }

  join(socket: WebSocket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("message", (data) => this.#take(socket, new Uint8Array(data as Buffer)));
    socket.send(message(kinds.sync, (encoder) => writeSyncStep1(encoder, this.doc)));
  }

  #take(socket: WebSocket, bytes: Uint8Array): void {
    const decoder = createDecoder(bytes);
    if (readVarUint(decoder) === kinds.awareness)
      return applyAwarenessUpdate(this.awareness, readVarUint8Array(decoder), socket);
    const encoder = createEncoder();
    writeVarUint(encoder, kinds.sync);
    readSyncMessage(decoder, encoder, this.doc, socket);
    if (length(encoder) > 1) socket.send(toUint8Array(encoder));
  }

  #tell(kind: number, write: (encoder: ReturnType<typeof createEncoder>) => void): void {
    for (const socket of this.#sockets) socket.send(message(kind, write));
  }
}

function message(kind: number, write: (encoder: ReturnType<typeof createEncoder>) => void): Uint8Array {
  const encoder = createEncoder();
  writeVarUint(encoder, kind);
  write(encoder);
  return toUint8Array(encoder);
}
