import { performance } from "node:perf_hooks";
import { protobufCodec } from "@hawser/protocol";
import type { ClientFrame, ServerFrame } from "@hawser/protocol";
import { BatchReader } from "./batch-reader.ts";
import { numberAt, payloadOf } from "./dialect.ts";
import type { Dial, Dialect } from "./dialect.ts";
import { clientFrame } from "./frame-reader.ts";
import type { RawConnection } from "./raw-connection.ts";

const path = "/hawser";
const channel = "bench";

/** `hawser.v1`: subscribers without a credit limit; a publisher whose messages are numbered and de-duplicated. */
export function hawserDialect(payloadBytes: number): Dialect {
  return {
    async subscribe(dial, subscriber, meter) {
      const reader = new BatchReader();
      const cursor = { number: 0, offset: 0 };
      let now = 0;
      const onPayload = (bytes: Buffer) => (start: number) => meter.deliver(subscriber, numberAt(bytes, start), now);
      let onSubscribed: (() => void) | undefined;
      const subscribed = new Promise<void>((resolve) => {
        onSubscribed = resolve;
      });
      const connection = connectTo(dial, (bytes, start, end) => {
        if (onSubscribed === undefined) {
          now = performance.now();
          if (reader.read(bytes, start, end, cursor, onPayload(bytes))) return;
        }
        for (const frame of decode(bytes, start, end)) {
          if (frame.type !== "subscribed") continue;
          cursor.number = frame.number;
          cursor.offset = frame.offset;
          onSubscribed?.();
          onSubscribed = undefined;
        }
      });
      await connection.opened();
      send(connection, {
        type: "subscribe",
        id: 1,
        channel,
        generation: 1,
        position: undefined,
        last: 0,
        credit: 0,
        grant: new Uint8Array(),
      });
      await subscribed;
    },

    async publisher(dial) {
      const connection = connectTo(dial, (bytes, start, end) => void decode(bytes, start, end));
      await connection.opened();
      const producer = Uint8Array.from({ length: 16 }, (_, index) => index + 1);
      return {
        publish(numbers) {
          const frames = numbers.map((number) =>
            clientFrame(
              "binary",
              protobufCodec.encode({
                type: "publish",
                id: number,
                channel,
                producer,
                sequence: number,
                previous: number - 1,
                payload: { kind: "text", data: Buffer.from(payloadOf(number, payloadBytes)) },
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

function connectTo(dial: Dial, onData: (bytes: Buffer, start: number, end: number) => void): RawConnection {
  const connection = dial(path, protobufCodec.subprotocol, onData);
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
