import type { Entry } from "@hawser/log";
import type { Payload } from "@hawser/protocol";

/** A record of the feed: an entry, a floor, or only that an epoch began. */
export interface FeedRecord {
  readonly epoch: number;
  /** Bytes that were fed with it. */
  readonly fed: number;
  /** Bytes that were fed before it: where the record before it stood. */
  readonly before: number;
  /** "" where an epoch began. */
  readonly channel: string;
  /** `undefined` where only the floor moved. */
  readonly entry: Entry | undefined;
  readonly floor: number;
}

/** Reads `[id, [name, value, ...]]` of the feed, whose fields stand in the order in which the script writes them. */
export function feedRecordOf([id, fields]: readonly [Buffer, readonly Buffer[]]): FeedRecord {
  const [epoch, fed] = pairOf(id);
  const value = (index: number): Buffer => fields[index * 2 + 1] ?? noBytes;
  const kind = value(4).toString("latin1");
  const entry: Entry | undefined =
    kind === ""
      ? undefined
      : {
          offset: Number(value(2)),
          time: Number(value(3)),
          payload: payloadOf(kind, value(7)),
          key: value(5).toString(),
          publisher: value(6).toString(),
        };
  return { epoch, fed, before: Number(value(0)), channel: value(1).toString(), entry, floor: Number(value(8)) };
}

/** Reads `[id, [name, value, ...]]` of a channel's stream. What cannot be read is a hole. */
export function entryOf([id, fields]: readonly [Buffer, readonly Buffer[]]): Entry {
  const values = new Map<string, Buffer>();
  for (let index = 0; index + 1 < fields.length; index += 2) values.set(String(fields[index]), fields[index + 1]!);
  const data = values.get("data");
  return {
    offset: pairOf(id)[0],
    time: Number(values.get("time") ?? 0),
    payload: data === undefined ? undefined : payloadOf(String(values.get("kind") ?? ""), data),
    key: String(values.get("key") ?? ""),
    publisher: String(values.get("publisher") ?? ""),
  };
}

function payloadOf(kind: string, data: Buffer): Payload | undefined {
  if (kind !== "bytes" && kind !== "text" && kind !== "json") return undefined;
  // A copy: what came from the socket is a part of much more.
  return { kind, data: new Uint8Array(data) };
}

/** The two numbers of a stream's id. */
function pairOf(id: Buffer): [number, number] {
  const text = id.toString("latin1");
  const dash = text.indexOf("-");
  return [Number(text.slice(0, dash)), Number(text.slice(dash + 1))];
}

const noBytes = Buffer.alloc(0);
