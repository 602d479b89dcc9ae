import { pieceCost } from "@hawser/protocol";
import type { ServerFrame } from "@hawser/protocol";
import type { Lane, SourceReader } from "@hawser/server/core";
import { SocketSource } from "../home/socket-source.ts";
import type { SocketFrames } from "../home/socket-source.ts";

/** Bytes of pieces that go into one message. */
const messageBytes = 16_384;

/**
 * A socket whose home is another node, at the node of its connection: what the home sends waits here for its turn on the
 * connection. That is bounded, since a home has no more on its way than it keeps.
 */
export class RelayedSocket implements SocketFrames {
  readonly number: number;
  readonly generation: number;
  readonly #source: SocketSource;
  #waiting: ServerFrame[] = [];

  constructor(number: number, generation: number, lane: Lane, reader: SourceReader) {
    this.number = number;
    this.generation = generation;
    this.#source = new SocketSource(lane, this, reader);
  }

  push(frame: ServerFrame): void {
    this.#waiting.push(frame);
    this.#source.wake();
  }

  takeFrames(): readonly ServerFrame[] {
    let count = 0;
    for (let cost = 0; cost < messageBytes && count < this.#waiting.length; count += 1) {
      const frame = this.#waiting[count]!;
      if (frame.type === "socket-data") cost += pieceCost(frame);
    }
    return this.#waiting.splice(0, count);
  }

  close(): void {
    this.#source.close();
    this.#waiting = [];
  }
}
