import { describe, expect, it } from "vitest";
import { Tally } from "../src/load/delivery-meter.ts";
import { clientFrame, FrameReader } from "../src/load/frame-reader.ts";
import { MeasuredChannel } from "../src/load/measured-channel.ts";
import { PlainPayloads } from "../src/load/payload.ts";
import { Subscriber } from "../src/load/subscriber.ts";

const payloads = new PlainPayloads(200);

/** The frame of a server, which has no mask. */
function frameOf(text: string): Buffer {
  const masked = clientFrame("text", Buffer.from(text));
  const header = masked.subarray(0, masked.length - text.length - 4);
  header[1]! &= 0x7f;
  return Buffer.concat([header, Buffer.from(text)]);
}

/** Two subscribers of one channel, and how many frames each read byte by byte. */
function pair() {
  const tally = new Tally();
  const channel = new MeasuredChannel(2, 16, tally);
  const slow = [0, 0];
  const readers = [0, 1].map((index) => {
    const subscriber = new Subscriber();
    subscriber.join(3, channel, index);
    const handlers = {
      onData: (bytes: Buffer, start: number, end: number, frame: Buffer) => {
        slow[index]! += 1;
        const { channel: own, number } = payloads.read(bytes, start, end);
        subscriber.receive({ channel: own, first: number, last: number, from: 0, to: 0 }, frame);
      },
      onPing: () => expect.unreachable(),
      onClose: () => expect.unreachable(),
    };
    return new FrameReader(
      handlers,
      subscriber.twinReader((bytes, start, end) => payloads.channelAt(bytes, start, end)),
    );
  });
  return { channel, tally, slow, first: readers[0]!, second: readers[1]! };
}

function messages(channel: MeasuredChannel, count: number): Buffer {
  const all = Array.from({ length: count }, () => payloads.of({ channel: 3, number: channel.meter.publish(0) }));
  return Buffer.concat(all.map(frameOf));
}

describe("Subscriber", () => {
  it("compares what another one got already", () => {
    const { channel, tally, slow, first, second } = pair();
    const stream = messages(channel, 3);
    first.read(stream);
    second.read(stream);
    expect(slow).toEqual([3, 0]);
    expect(tally).toMatchObject({ deliveries: 6, inFlight: 0 });
  });

  it("takes a stream however it is cut", () => {
    for (let size = 1; size < 300; size += 1) {
      const { channel, tally, first, second } = pair();
      const stream = messages(channel, 3);
      first.read(stream);
      for (let start = 0; start < stream.length; start += size) second.read(stream.subarray(start, start + size));
      expect(tally).toMatchObject({ deliveries: 6, inFlight: 0 });
    }
  });

  it("fails on a single byte that differs, wherever the stream is cut", () => {
    for (let at = 4; at < 204; at += 1) {
      const { channel, first, second } = pair();
      const stream = messages(channel, 1);
      first.read(stream);
      const wrong = Buffer.from(stream);
      wrong[at]! ^= 1;
      expect(() => {
        second.read(wrong.subarray(0, 100));
        second.read(wrong.subarray(100));
      }).toThrow(/./);
    }
  });

  it("fails on the frame of another message", () => {
    const { channel, first, second } = pair();
    const one = messages(channel, 1);
    const two = messages(channel, 1);
    first.read(Buffer.concat([one, two]));
    expect(() => second.read(two)).toThrow("got message 2 where 1 was next");
  });
});
