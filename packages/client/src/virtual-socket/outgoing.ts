import { dataBytes, snapshotOf } from "../reconnecting-websocket/socket-data.ts";
import type { SocketData } from "../reconnecting-websocket/socket-data.ts";

/** Where messages go, in their order. */
export interface OutgoingSink {
  /** The bytes are the sink's from now on. */
  send(data: Uint8Array, text: boolean): void;
  close(code: number, reason: string): void;
  /** A blob could not be read. */
  failed(cause: unknown): void;
}

type Item =
  | { readonly kind: "data"; readonly data: SocketData }
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

const encoder = /* @__PURE__ */ new TextEncoder();

/** What was given to `send`, in its order: what stands behind a blob waits until that is read. */
export class Outgoing {
  readonly #sink: OutgoingSink;
  #waiting: Item[] = [];
  #reading = false;
  #bytes = 0;

  constructor(sink: OutgoingSink) {
    this.#sink = sink;
  }

  /** Of what waits. */
  get bytes(): number {
    return this.#bytes;
  }

  send(data: SocketData): void {
    const waits = this.#reading || isBlob(data);
    this.#take({ kind: "data", data: waits ? snapshotOf(data) : data });
  }

  close(code: number, reason: string): void {
    this.#take({ kind: "close", code, reason });
  }

  #take(item: Item): void {
    if (this.#reading) {
      this.#waiting.push(item);
      if (item.kind === "data") this.#bytes += dataBytes(item.data);
    } else this.#pass(item);
  }

  #pass(item: Item): void {
    if (item.kind === "close") this.#sink.close(item.code, item.reason);
    else if (isBlob(item.data)) void this.#read(item.data);
    else if (typeof item.data === "string") this.#sink.send(encoder.encode(item.data), true);
    else this.#sink.send(snapshotBytes(item.data), false);
  }

  async #read(blob: Blob): Promise<void> {
    this.#reading = true;
    this.#bytes += blob.size;
    try {
      const bytes = await blob.arrayBuffer();
      this.#bytes -= blob.size;
      this.#sink.send(new Uint8Array(bytes), false);
    } catch (cause) {
      return this.#sink.failed(cause);
    }
    this.#reading = false;
    while (!this.#reading) {
      const item = this.#waiting.shift();
      if (item === undefined) return;
      if (item.kind === "data") this.#bytes -= dataBytes(item.data);
      this.#pass(item);
    }
  }
}

function isBlob(data: SocketData): data is Blob {
  return typeof data === "object" && "arrayBuffer" in data;
}

function snapshotBytes(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (data instanceof ArrayBuffer) return new Uint8Array(data.slice(0));
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
}
