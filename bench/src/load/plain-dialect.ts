import { performance } from "node:perf_hooks";
import { numberAt, payloadOf } from "./dialect.ts";
import type { Dial, Dialect, Publisher } from "./dialect.ts";
import { clientFrame } from "./frame-reader.ts";

/** A server that sends every message of `/publish` to all on `/subscribe`, one frame a message. */
export function plainDialect(payloadBytes: number): Dialect {
  return {
    async subscribe(dial, subscriber, meter) {
      const connection = dial("/subscribe", "", (bytes, start) => {
        meter.deliver(subscriber, numberAt(bytes, start), performance.now());
      });
      await connection.opened();
    },
    publisher: async (dial) => plainPublisher(dial, payloadBytes),
  };
}

/** The same, but a frame holds any number of messages, each behind its length in four bytes. */
export function joinedDialect(payloadBytes: number): Dialect {
  return {
    async subscribe(dial, subscriber, meter) {
      const connection = dial("/subscribe", "", (bytes, start, end) => {
        const now = performance.now();
        for (let index = start; index < end; index += 4 + bytes.readUInt32BE(index)) {
          meter.deliver(subscriber, numberAt(bytes, index + 4), now);
        }
      });
      await connection.opened();
    },
    publisher: async (dial) => plainPublisher(dial, payloadBytes),
  };
}

async function plainPublisher(dial: Dial, payloadBytes: number): Promise<Publisher> {
  const connection = dial("/publish", "", () => {});
  await connection.opened();
  return {
    publish(numbers) {
      const frames = numbers.map((number) => clientFrame("text", Buffer.from(payloadOf(number, payloadBytes))));
      connection.sendFrames(Buffer.concat(frames));
    },
  };
}
