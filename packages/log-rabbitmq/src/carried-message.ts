import { carryRecord, readRecord, recordHeaders } from "@hawser/log/broker";
import type { LogRecord, PlacedRecord } from "@hawser/log/broker";
import type { ConsumeMessage, Options } from "amqplib";
import { contentTypes, kindOfContent } from "./content-type.ts";
import { maxRecordsPerMessage, packed, packedContentType, packedType, unpacked } from "./packed-records.ts";

type OwnRecord = Exclude<LogRecord, { kind: "foreign" }>;

/** A message as `amqplib` sends it. */
export interface CarriedMessage {
  readonly content: Buffer;
  readonly properties: Options.Publish;
}

/** Name of the header with the time at which it was published, in milliseconds since 1970; AMQP's own has seconds. */
const timeHeader = "hawser-time";

/**
 * Records as a message. One alone: the record's headers are the message's, its value is the body. What AMQP 0-9-1 has a property for is
 * there and no header: a table of headers costs both ends more for each of its fields than all the rest of a message.
 */
export function messageOf(records: readonly OwnRecord[], now: number): CarriedMessage {
  const [record] = records;
  return records.length === 1 ? messageOfOne(record!, now) : messageOfMany(records, now);
}

function messageOfMany(records: readonly OwnRecord[], now: number): CarriedMessage {
  return {
    content: packed(records),
    properties: {
      ...propertiesAt(now),
      type: packedType,
      messageId: records[0]!.id,
      contentType: packedContentType,
      headers: { [timeHeader]: String(now) },
    },
  };
}

function messageOfOne(record: OwnRecord, now: number): CarriedMessage {
  const { headers, value } = carryRecord(record);
  const {
    [recordHeaders.kind]: type = "",
    [recordHeaders.id]: messageId = "",
    [recordHeaders.type]: _type,
    ...others
  } = headers;
  return {
    content: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
    properties: {
      ...propertiesAt(now),
      type,
      messageId,
      contentType: record.kind === "append" ? contentTypes[record.payload.kind] : contentTypes.json,
      headers: { ...others, [timeHeader]: String(now) },
    },
  };
}

function propertiesAt(now: number): Options.Publish {
  // A stream that is not there is said, and not passed over.
  return { timestamp: Math.floor(now / 1_000), persistent: true, mandatory: true };
}

/** What a consumer of a stream was given, with offsets in our count, which begins at 1; none: it has no offset. */
export function placedRecords({ content, properties }: ConsumeMessage): readonly PlacedRecord[] {
  const { headers = {}, timestamp, messageId, type, contentType } = properties;
  const native: unknown = headers["x-stream-offset"];
  if (typeof native !== "number") return [];
  const offset = native * maxRecordsPerMessage + 1;
  const time = timeOf(headers[timeHeader], timestamp);
  const header = (name: string): string | undefined => {
    if (name === recordHeaders.kind) return textOf(type);
    if (name === recordHeaders.id) return textOf(messageId);
    if (name === recordHeaders.type) return kindOfContent(contentType);
    return textOf(headers[name]);
  };
  const foreignId = (): string => `${offset} ${time} ${content.length} ${String(messageId ?? "")}`;
  if (type !== packedType) return [{ offset, time, record: readRecord(header, content, foreignId) }];
  return unpacked(content, foreignId).map((record, index) => ({ offset: offset + index, time, record }));
}

/** A text that is none in AMQP 0-9-1 cannot be one of ours. */
function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function timeOf(header: unknown, seconds: unknown): number {
  const own = typeof header === "string" ? Number(header) : Number.NaN;
  if (Number.isFinite(own)) return own;
  return typeof seconds === "number" ? seconds * 1_000 : 0;
}
