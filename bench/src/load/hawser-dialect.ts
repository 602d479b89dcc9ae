import { protobufCodec } from "@hawser/protocol";
import type { ClientFrame, ServerFrame } from "@hawser/protocol";
import { BatchReader } from "./batch-reader.ts";
import type { Dial, Dialect, OnData } from "./dialect.ts";
import { clientFrame } from "./frame-reader.ts";
import type { TwinReader } from "./frame-reader.ts";
import type { Payloads } from "./payload.ts";
import type { RawConnection } from "./raw-connection.ts";

const path = "/hawser";
const nameOf = (channel: number): string => `bench.${channel}`;

/** `hawser.v1`: subscribers without a credit limit; a publisher whose messages are numbered and de-duplicated. */
export function hawserDialect(payloads: Payloads): Dialect {
  return {
    async subscribe(dial, subscriber) {
      const reader = new BatchReader(payloads);
      const { channels } = subscriber;
      /** By the number that the server has given it. */
      const channelOf = new Map<number, number>();
      let onSubscribed: (() => void) | undefined;
      const subscribed = new Promise<void>((resolve) => {
        onSubscribed = resolve;
      });
      const onData: OnData = (bytes, start, end, frame) => {
        const batch = reader.read(bytes, start, end);
        if (batch !== undefined) {
          const channel = channelOf.get(batch.number);
          if (channel === undefined) throw new Error(`a batch of channel number ${batch.number}`);
          if (batch.last >= batch.first && batch.channel !== channel) {
            throw new Error(`a message of channel ${batch.channel} on ${channel}`);
          }
          subscriber.receive({ ...batch, channel }, frame);
          return;
        }
        for (const one of decode(bytes, start, end)) {
          if (one.type !== "subscribed") continue;
          channelOf.set(one.number, channels[one.id - 1]!);
          subscriber.begin(channels[one.id - 1]!, one.offset);
          if (channelOf.size === channels.length) onSubscribed?.();
        }
      };
      const twins = subscriber.twinReader((bytes, start, end) => {
        const number = reader.numberAt(bytes, start, end);
        return number === undefined ? undefined : channelOf.get(number);
      });
      const connection = connectTo(dial, onData, twins);
      await connection.opened();
      for (const [index, channel] of channels.entries()) send(connection, subscribeFrame(index + 1, nameOf(channel)));
      await subscribed;
    },

    async publisher(dial) {
      const connection = connectTo(dial, (bytes, start, end) => void decode(bytes, start, end));
      await connection.opened();
      const producer = Uint8Array.from({ length: 16 }, (_, index) => index + 1);
      let id = 0;
      return {
        publish(messages) {
          const frames = messages.map((message) =>
            clientFrame(
              "binary",
              protobufCodec.encode({
                type: "publish",
                id: (id += 1),
                channel: nameOf(message.channel),
                producer,
                sequence: message.number,
                previous: message.number - 1,
                payload: { kind: "text", data: Buffer.from(payloads.of(message)) },
                key: "",
              }),
            ),
          );
          connection.sendFrames(Buffer.concat(frames));
        },
      };
    },
  };
}

function subscribeFrame(id: number, channel: string): ClientFrame {
  const generation = 1;
  return {
    type: "subscribe",
    id,
    channel,
    generation,
    position: undefined,
    last: 0,
    credit: 0,
    grant: new Uint8Array(),
  };
}

function connectTo(dial: Dial, onData: OnData, twins?: TwinReader): RawConnection {
  const connection = dial(path, protobufCodec.subprotocol, onData, twins);
  void connection
    .opened()
    .then(() => send(connection, { type: "connect", token: "", session: "", agent: "hawser-bench" }));
  return connection;
}

function send(connection: RawConnection, frame: ClientFrame): void {
  connection.send("binary", protobufCodec.encode(frame));
}

/** Frames that travel seldom. What says that something was refused ends the benchmark. */
function decode(bytes: Buffer, start: number, end: number): ServerFrame[] {
  const frames = protobufCodec.decodeServer(Uint8Array.prototype.slice.call(bytes, start, end));
  for (const frame of frames) {
    if (frame.type === "error" || frame.type === "rejected")
      throw new Error(`${frame.type}: ${frame.code} ${frame.message}`);
  }
  return frames;
}
