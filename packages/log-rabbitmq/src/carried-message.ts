import { carryRecord, readRecord, recordHeaders } from "@hawser/log/broker";
import type { LogRecord, PlacedRecord } from "@hawser/log/broker";
import type { ConsumeMessage, Options } from "amqplib";
import { contentTypes, kindOfContent } from "./content-type.ts";

/** Name of the header with the time at which it was published, in milliseconds since 1970; AMQP's own has seconds. */
const timeHeader = "hawser-time";

/**
 * A record as a message: the record's headers are the message's, its value is the body. What AMQP 0-9-1 has a property for is
 * there and no header: a table of headers costs both ends more for each of its fields than all the rest of a message.
 */
export function messageOf(
  record: Exclude<LogRecord, { kind: "foreign" }>,
  now: number,
): { readonly content: Buffer; readonly properties: Options.Publish } {
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
      type,
      messageId,
      contentType: record.kind === "append" ? contentTypes[record.payload.kind] : contentTypes.json,
      headers: { ...others, [timeHeader]: String(now) },
      timestamp: Math.floor(now / 1_000),
      persistent: true,
      // A stream that is not there is said, and not passed over.
      mandatory: true,
    },
  };
}

/** What a consumer of a stream was given, with the offset in our count, which begins at 1; `undefined`: it has no offset. */
export function placedRecord({ content, properties }: ConsumeMessage): PlacedRecord | undefined {
  const { headers = {}, timestamp, messageId, type, contentType } = properties;
  const native: unknown = headers["x-stream-offset"];
  if (typeof native !== "number") return undefined;
  const offset = native + 1;
  const time = timeOf(headers[timeHeader], timestamp);
  const header = (name: string): string | undefined => {
    if (name === recordHeaders.kind) return textOf(type);
    if (name === recordHeaders.id) return textOf(messageId);
    if (name === recordHeaders.type) return kindOfContent(contentType);
    return textOf(headers[name]);
  };
  const foreignId = (): string => `${offset} ${time} ${content.length} ${String(messageId ?? "")}`;
  return { offset, time, record: readRecord(header, content, foreignId) };
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
