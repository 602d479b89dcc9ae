import { carryRecord, readRecord } from "@hawser/log/broker";
import type { LogRecord, PlacedRecord } from "@hawser/log/broker";
import type { ConsumeMessage, Options } from "amqplib";

/** Name of the header with the time at which it was published, in milliseconds since 1970; AMQP's own has seconds. */
const timeHeader = "hawser-time";

/** A record as a message: the record's headers are the message's, its value is the body. */
export function messageOf(
  record: Exclude<LogRecord, { kind: "foreign" }>,
  now: number,
): { readonly content: Buffer; readonly properties: Options.Publish } {
  const { headers, value } = carryRecord(record);
  return {
    content: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
    properties: {
      headers: { ...headers, [timeHeader]: String(now) },
      messageId: record.id,
      timestamp: Math.floor(now / 1_000),
      persistent: true,
      // A stream that is not there is said, and not passed over.
      mandatory: true,
    },
  };
}

/** What a consumer of a stream was given, with the offset in our count, which begins at 1; `undefined`: it has no offset. */
export function placedRecord({ content, properties }: ConsumeMessage): PlacedRecord | undefined {
  const { headers = {}, timestamp, messageId } = properties;
  const native: unknown = headers["x-stream-offset"];
  if (typeof native !== "number") return undefined;
  const offset = native + 1;
  const time = timeOf(headers[timeHeader], timestamp);
  // A text that is no header's value in AMQP 0-9-1 cannot be one of ours.
  const header = (name: string): string | undefined => {
    const value: unknown = headers[name];
    return typeof value === "string" ? value : undefined;
  };
  const foreignId = (): string => `${offset} ${time} ${content.length} ${String(messageId ?? "")}`;
  return { offset, time, record: readRecord(header, content, foreignId) };
}

function timeOf(header: unknown, seconds: unknown): number {
  const own = typeof header === "string" ? Number(header) : Number.NaN;
  if (Number.isFinite(own)) return own;
  return typeof seconds === "number" ? seconds * 1_000 : 0;
}
