import { protobufCodec } from "@hawser/protocol";
import type { Position, ServerFrame } from "@hawser/protocol";
import { channelName, groups, missedEach } from "./messages.ts";

interface Stream {
  readonly channel: string;
  /** Where it stands; `undefined` before the first grant. */
  position: Position | undefined;
  /** Messages since it was cut. */
  received: number;
}

/** What one session knows of its channels, over connections that come and go. */
export class HawserSession {
  readonly #name: string;
  readonly #streams: readonly Stream[];
  /** By the number that the connection has given. */
  #bound = new Map<number, Stream>();

  constructor(index: number) {
    this.#name = `user-${index}`;
    this.#streams = Array.from({ length: groups }, (_, group) => ({
      channel: channelName(group, index),
      position: undefined,
      received: 0,
    }));
  }

  /** It has a grant of each channel, */
  get subscribed(): boolean {
    return this.#bound.size === groups;
  }

  /** and all that it missed. */
  get caughtUp(): boolean {
    return this.subscribed && this.#streams.every(({ received }) => received === missedEach);
  }

  /** `connect`, and a `subscribe` for each channel, as one message. */
  hello(): Buffer {
    this.#bound = new Map();
    const frames = [
      protobufCodec.encode({ type: "connect", token: this.#name, session: this.#name, agent: "hawser-bench" }),
    ];
    for (const [index, stream] of this.#streams.entries()) {
      stream.received = 0;
      const { channel, position } = stream;
      const grant = new Uint8Array();
      frames.push(
        protobufCodec.encode({
          type: "subscribe",
          id: index + 1,
          channel,
          generation: 1,
          position,
          last: 0,
          credit: 0,
          grant,
        }),
      );
    }
    return Buffer.concat(frames);
  }

  /** @throws Error when something is missing, or comes twice. */
  read(bytes: Buffer, start: number, end: number): void {
    // A copy, since the buffer is used for the next read.
    for (const frame of protobufCodec.decodeServer(Uint8Array.prototype.slice.call(bytes, start, end)))
      this.#take(frame);
  }

  #take(frame: ServerFrame): void {
    if (frame.type === "subscribed") {
      const stream = this.#streams[frame.id - 1]!;
      const { position } = stream;
      if (position !== undefined && (frame.epoch !== position.epoch || frame.offset !== position.offset)) {
        throw new Error(`${stream.channel} went on at ${frame.offset} and not at ${position.offset}`);
      }
      stream.position = { epoch: frame.epoch, offset: frame.offset };
      this.#bound.set(frame.number, stream);
    } else if (frame.type === "batch") {
      const stream = this.#bound.get(frame.number);
      if (stream?.position?.offset !== frame.from) throw new Error(`a batch from ${frame.from} does not join on`);
      for (const [index, { offset }] of frame.messages.entries()) {
        if (offset !== frame.from + index + 1) throw new Error(`message ${offset} where one was missing`);
      }
      stream.received += frame.messages.length;
      stream.position = { epoch: frame.epoch, offset: frame.to };
    } else if (frame.type !== "connected") {
      throw new Error(`${frame.type}: ${JSON.stringify(frame)}`);
    }
  }
}
