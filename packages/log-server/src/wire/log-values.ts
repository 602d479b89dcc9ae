import type { Append, AppendOutcome, Durability, Entry, EpochStart, Head, LogCapabilities } from "@hawser/log";
import type { Payload } from "@hawser/protocol";
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { WireError } from "./wire-error.ts";

/** No number, kind and length of an entry or an append takes more, the texts and the payload apart. */
const fixedBytes = 96;
/** The outcomes of `maxAppendsPerFrame` appends fit into the smallest frame, whatever they are. */
const maxMessageLength = 100;
/** Appends that a remote log puts into one frame. */
export const maxAppendsPerFrame = 200;
const payloadKinds = ["bytes", "text", "json"] as const satisfies Payload["kind"][];
const durabilityLevels = ["memory", "commit", "flush"] as const satisfies Durability[];
const histories = ["indexed", "scan", "none"] as const satisfies LogCapabilities["history"][];
const failures = ["log-unavailable", "log-full"] as const;

/** As many bytes as the entry takes at most. */
export function entryBound({ payload, key, publisher }: Entry): number {
  return fixedBytes + textBound(key) + textBound(publisher) + (payload?.data.byteLength ?? 0);
}

/** As many bytes as the append takes at most. */
export function appendBound({ channel, producer, payload, key, publisher }: Append): number {
  return (
    fixedBytes +
    [channel, producer, key, publisher].reduce((sum, text) => sum + textBound(text), payload.data.byteLength)
  );
}

export function writeEntry(writer: ByteWriter, { offset, time, payload, key, publisher }: Entry): void {
  writer.varint(offset).float64(time).text(key).text(publisher);
  writePayload(writer, payload);
}

export function readEntry(reader: ByteReader): Entry {
  const offset = reader.varint();
  const time = reader.float64();
  const key = reader.text();
  const publisher = reader.text();
  return { offset, time, payload: readPayload(reader), key, publisher };
}

export function writeAppend(writer: ByteWriter, append: Append): void {
  const { channel, producer, sequence, previous, payload, key, publisher } = append;
  writer.text(channel).text(producer).varint(sequence).varint(previous).text(key).text(publisher);
  writePayload(writer, payload);
}

export function readAppend(reader: ByteReader): Append {
  const channel = reader.text();
  const producer = reader.text();
  const sequence = reader.varint();
  const previous = reader.varint();
  const key = reader.text();
  const publisher = reader.text();
  const payload = readPayload(reader);
  if (payload === undefined) throw new WireError("an append without a payload");
  return { channel, producer, sequence, previous, payload, key, publisher };
}

export function writeOutcome(writer: ByteWriter, outcome: AppendOutcome): void {
  switch (outcome.kind) {
    case "accepted":
      writer.byte(1).varint(outcome.epoch).varint(outcome.offset);
      break;
    case "duplicate":
      writer.byte(2).varint(outcome.epoch).varint(outcome.offset);
      break;
    case "out-of-order":
      writer.byte(3).varint(outcome.last);
      break;
    case "producer-unknown":
      writer.byte(4);
      break;
    case "failed":
      writer.byte(5).byte(failures.indexOf(outcome.code)).text(outcome.message.slice(0, maxMessageLength));
      break;
  }
}

export function readOutcome(reader: ByteReader): AppendOutcome {
  const kind = reader.byte();
  switch (kind) {
    case 1:
      return { kind: "accepted", epoch: reader.varint(), offset: reader.varint() };
    case 2:
      return { kind: "duplicate", epoch: reader.varint(), offset: reader.varint() };
    case 3:
      return { kind: "out-of-order", last: reader.varint() };
    case 4:
      return { kind: "producer-unknown" };
    case 5:
      return { kind: "failed", code: member(failures, reader.byte()), message: reader.text() };
    default:
      throw new WireError(`an outcome of kind ${kind}`);
  }
}

export function writeHead(writer: ByteWriter, { epoch, floor, end, lineage }: Head): void {
  writer.varint(epoch).varint(floor).varint(end).varint(lineage.length);
  for (const start of lineage) writer.varint(start.epoch).varint(start.start);
}

export function readHead(reader: ByteReader): Head {
  const epoch = reader.varint();
  const floor = reader.varint();
  const end = reader.varint();
  const lineage: EpochStart[] = [];
  for (let left = reader.varint(); left > 0; left -= 1) {
    lineage.push({ epoch: reader.varint(), start: reader.varint() });
  }
  return { epoch, floor, end, lineage };
}

export function writeCapabilities(writer: ByteWriter, capabilities: LogCapabilities): void {
  const { name, durabilities, deduplicates, history, ephemeral } = capabilities;
  writer.text(name).boolean(deduplicates).byte(histories.indexOf(history)).boolean(ephemeral);
  for (const level of durabilityLevels) writer.boolean(durabilities.includes(level));
}

export function readCapabilities(reader: ByteReader): LogCapabilities {
  const name = reader.text();
  const deduplicates = reader.boolean();
  const history = member(histories, reader.byte());
  const ephemeral = reader.boolean();
  const durabilities = durabilityLevels.filter(() => reader.boolean());
  return { name, durabilities, deduplicates, history, ephemeral };
}

function writePayload(writer: ByteWriter, payload: Payload | undefined): void {
  if (payload === undefined) writer.byte(0);
  else writer.byte(1 + payloadKinds.indexOf(payload.kind)).bytes(payload.data);
}

function readPayload(reader: ByteReader): Payload | undefined {
  const kind = reader.byte();
  return kind === 0 ? undefined : { kind: member(payloadKinds, kind - 1), data: reader.bytes() };
}

/** A UTF-16 unit takes no more than three bytes of UTF-8. */
function textBound(text: string): number {
  return text.length * 3;
}

function member<Value>(values: readonly Value[], index: number): Value {
  const value = values[index];
  if (value === undefined) throw new WireError(`there is no value ${index}`);
  return value;
}
