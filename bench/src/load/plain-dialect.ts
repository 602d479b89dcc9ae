import type { Dial, Dialect, OnData, Publisher } from "./dialect.ts";
import { clientFrame } from "./frame-reader.ts";
import type { Payloads } from "./payload.ts";
import type { Subscriber } from "./subscriber.ts";

/** A server that sends every message of `/publish` to all on `/subscribe`, one frame a message. */
export function plainDialect(payloads: Payloads): Dialect {
  return {
    async subscribe(dial, subscriber) {
      const onData: OnData = (bytes, start, end, frame) => {
        const { channel, number } = payloads.read(bytes, start, end);
        const arrival = { channel, first: number, last: number, from: 0, to: 0 };
        subscriber.receive(arrival, frame);
      };
      const channelOf = (bytes: Buffer, start: number, end: number) => payloads.channelAt(bytes, start, end);
      const connection = dial(pathOf(subscriber), "", onData, subscriber.twinReader(channelOf));
      await connection.opened();
    },
    publisher: async (dial) => plainPublisher(dial, payloads),
  };
}

/** The same, but a frame holds any number of messages of one channel, each behind its length in four bytes. */
export function joinedDialect(payloads: Payloads): Dialect {
  return {
    async subscribe(dial, subscriber) {
      const onData: OnData = (bytes, start, end, frame) => {
        const first = payloads.read(bytes, start + 4, start + 4 + bytes.readUInt32BE(start));
        let last = first.number - 1;
        for (let index = start; index < end; index += 4 + payloads.bytes) {
          const { number } = payloads.read(bytes, index + 4, index + 4 + bytes.readUInt32BE(index));
          if (number !== (last += 1)) throw new Error(`message ${number} where ${last} was next`);
        }
        const arrival = { channel: first.channel, first: first.number, last, from: 0, to: 0 };
        subscriber.receive(arrival, frame);
      };
      const channelOf = (bytes: Buffer, start: number, end: number) => payloads.channelAt(bytes, start + 4, end);
      const connection = dial(pathOf(subscriber), "", onData, subscriber.twinReader(channelOf));
      await connection.opened();
    },
    publisher: async (dial) => plainPublisher(dial, payloads),
  };
}

function pathOf({ channels }: Subscriber): string {
  return `/subscribe?${channels.join(",")}`;
}

async function plainPublisher(dial: Dial, payloads: Payloads): Promise<Publisher> {
  const connection = dial("/publish", "", () => {});
  await connection.opened();
  return {
    publish(messages) {
      const frames = messages.map((message) => clientFrame("text", Buffer.from(payloads.of(message))));
      connection.sendFrames(Buffer.concat(frames));
    },
  };
}
