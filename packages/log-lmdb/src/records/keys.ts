/**
 * Keys of the store, ordered as bytes. The first byte tells what stands under the key; blocks of entries of a channel are
 * neighbours, in the order of their offsets.
 *
 * | first byte | then | holds |
 * | --- | --- | --- |
 * | 0 | | the log itself |
 * | 1 | channel name | a channel |
 * | 2 | channel number (4 bytes), offset (8 bytes) | a block of entries, the first of which has that offset |
 * | 3 | channel number (4 bytes), producer | what is remembered of a producer |
 * | 4 | moment (8 bytes), channel number (4 bytes), producer | when to look whether it can be forgotten |
 *
 * Numbers are big endian. A moment is a double from 0 on, whose bytes order like its value.
 */
const tags = { log: 0, channel: 1, entry: 2, producer: 3, expiry: 4 } as const;

const encoder = new TextEncoder();
/** A byte order mark is a character like any other here. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export const logKey: Uint8Array = Uint8Array.of(tags.log);

export function channelKey(name: string): Uint8Array {
  return tagged(tags.channel, encoder.encode(name));
}

/** Between it and {@link channelsEnd} stand all channels. */
export const channelsStart: Uint8Array = Uint8Array.of(tags.channel);
export const channelsEnd: Uint8Array = Uint8Array.of(tags.channel + 1);

export function channelNameOf(key: Uint8Array): string {
  return decoder.decode(key.subarray(1));
}

export function entryKey(channel: number, offset: number): Uint8Array {
  const key = new Uint8Array(13);
  const view = new DataView(key.buffer);
  key[0] = tags.entry;
  view.setUint32(1, channel);
  view.setUint32(5, Math.floor(offset / 2 ** 32));
  view.setUint32(9, offset % 2 ** 32);
  return key;
}

/** The offset that {@link entryKey} made the key of; `undefined` for what is none of its keys. */
export function offsetOf(key: Uint8Array): number | undefined {
  if (key.byteLength !== 13 || key[0] !== tags.entry) return undefined;
  const view = new DataView(key.buffer, key.byteOffset);
  return view.getUint32(5) * 2 ** 32 + view.getUint32(9);
}

export function producerKey(channel: number, producer: string): Uint8Array {
  const name = encoder.encode(producer);
  const key = new Uint8Array(5 + name.byteLength);
  key[0] = tags.producer;
  new DataView(key.buffer).setUint32(1, channel);
  key.set(name, 5);
  return key;
}

/** What {@link producerKey} made the key of. */
export function producerOf(key: Uint8Array): { readonly channel: number; readonly producer: string } {
  return { channel: new DataView(key.buffer, key.byteOffset).getUint32(1), producer: decoder.decode(key.subarray(5)) };
}

/** @param producer the key that {@link producerKey} gave. */
export function expiryKey(moment: number, producer: Uint8Array): Uint8Array {
  const key = new Uint8Array(8 + producer.byteLength);
  key[0] = tags.expiry;
  new DataView(key.buffer).setFloat64(1, Math.max(moment, 0));
  key.set(producer.subarray(1), 9);
  return key;
}

/** Between it and {@link expiriesEnd} stand all expiries, the earliest first. */
export const expiriesStart: Uint8Array = Uint8Array.of(tags.expiry);
export const expiriesEnd: Uint8Array = Uint8Array.of(tags.expiry + 1);

/** What {@link expiryKey} was made of. */
export function expiryOf(key: Uint8Array): { readonly moment: number; readonly producer: Uint8Array } {
  const producer = key.slice(8);
  producer[0] = tags.producer;
  return { moment: new DataView(key.buffer, key.byteOffset).getFloat64(1), producer };
}

function tagged(tag: number, rest: Uint8Array): Uint8Array {
  const key = new Uint8Array(1 + rest.byteLength);
  key[0] = tag;
  key.set(rest, 1);
  return key;
}
