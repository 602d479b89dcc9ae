import type { Message, Payloads } from "./payload.ts";

const words = (
  "the of and to in is that for it as was with be by on not he his but at are this have from or had an they which one you " +
  "were her all she there would their we him been has when who will more no if out so said what up its about into than them " +
  "can only other new some could time these two may then do first any my now such like our over man me even most made after"
).split(" ");

/**
 * Messages as an application of chat or of trade would send them: JSON, all of one length, in ASCII, no two alike. What repeats
 * in them is what repeats in such messages: names of members, words.
 */
export class JsonPayloads implements Payloads {
  readonly bytes: number;
  readonly quote = "";

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  of({ channel, number }: Message): string {
    const draw = drawer(number * 65_537 + channel);
    const head = `{"number":"${digits(number, 10)}","channel":"${digits(channel, 5)}"`;
    const sender = `"sender":{"id":${draw(1e9)},"name":"user-${draw(5_000)}","team":"${words[draw(words.length)]}"}`;
    const facts = `"at":${1_763_800_000_000 + number},"price":${draw(100_000) / 100},"size":${draw(1_000)}`;
    let text = `${head},${sender},${facts},"text":"`;
    const end = `"}`;
    const length = this.bytes - end.length;
    if (text.length > length) throw new Error(`a payload has at least ${text.length + end.length} bytes`);
    while (text.length < length) text += `${words[draw(words.length)]} `;
    return text.slice(0, length) + end;
  }

  channelAt(bytes: Uint8Array, start: number, end: number): number | undefined {
    if (start + places.channel + 5 > end) return undefined;
    return digitsAt(bytes, start + places.channel, 5);
  }

  read(bytes: Buffer, start: number, end: number): Message {
    const channel = this.channelAt(bytes, start, end) ?? Number.NaN;
    const message = { channel, number: digitsAt(bytes, start + places.number, 10) };
    if (bytes.toString("latin1", start, end) !== this.of(message))
      throw new Error(`not a payload of the load: ${bytes.toString("latin1", start, end)}`);
    return message;
  }
}

/** Where the digits stand. */
const places = { number: `{"number":"`.length, channel: `{"number":"0123456789","channel":"`.length };

function digits(value: number, count: number): string {
  return String(value).padStart(count, "0");
}

function digitsAt(bytes: Uint8Array, start: number, count: number): number {
  let number = 0;
  for (let index = start; index < start + count; index += 1) number = number * 10 + bytes[index]! - 48;
  return number;
}

/** Numbers below a bound, the same for the same seed (Marsaglia's xorshift). */
function drawer(seed: number): (bound: number) => number {
  let state = (seed ^ 0x9e3779b9) | 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}
