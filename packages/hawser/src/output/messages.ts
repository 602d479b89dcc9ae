import type { Position } from "@hawser/protocol";
import { positionText } from "./positions.ts";
import { colourOf, printable } from "./style.ts";
import type { Style } from "./style.ts";

/** A message as the client gives it. `data` is `undefined` for an entry that cannot be carried. */
export interface PrintedMessage {
  readonly channel: string;
  readonly data: unknown;
  readonly position: Position;
  readonly time: number;
  readonly publisher: string;
  readonly key: string;
}

/** Turns a message into what is printed for it. */
export type MessageFormat = (message: PrintedMessage) => string;

/** One JSON object a line: `{"type":"message","channel":...,"position":{...},"time":ms,"publisher":...,"data":...}`. */
export function jsonLine(message: PrintedMessage): string {
  const { channel, position, time, publisher, key, data } = message;
  return JSON.stringify({
    type: "message",
    channel,
    position: { epoch: position.epoch, offset: position.offset },
    time,
    ...(publisher === "" ? {} : { publisher }),
    ...(key === "" ? {} : { key }),
    ...(data instanceof Uint8Array ? { bytes: Buffer.from(data).toString("base64") } : { data }),
  });
}

/**
 * Aligned columns for people: time, channel when there are several, publisher, text. A text of many lines stays in its
 * column. The column of publishers grows with the names that come.
 */
export function columns(style: Style, channels: readonly string[], options: { readonly date: boolean }): MessageFormat {
  const channelWidth = channels.length < 2 ? 0 : Math.max(...channels.map((channel) => channel.length)) + 2;
  let publisherWidth = 6;
  return (message) => {
    const publisher = printable(message.publisher === "" ? "-" : message.publisher);
    publisherWidth = Math.min(20, Math.max(publisherWidth, publisher.length));
    const time = timeText(new Date(message.time), options.date);
    const indent = time.length + 2 + channelWidth + publisherWidth + 2;
    return [
      `${style("dim", time)}  `,
      channelWidth === 0 ? "" : style("dim", message.channel.padEnd(channelWidth)),
      style(colourOf(publisher), publisher.padEnd(publisherWidth)),
      "  ",
      dataText(message.data).replaceAll("\n", `\n${" ".repeat(indent)}`),
      message.key === "" ? "" : style("dim", `  (key ${printable(message.key)})`),
    ].join("");
  };
}

/** What a person reads for a message's data: text as it is, other values as JSON, bytes as their number and beginning. */
export function dataText(data: unknown): string {
  if (typeof data === "string") return printable(data);
  if (data === undefined) return "(a message that cannot be shown)";
  if (data instanceof Uint8Array) {
    const start = Buffer.from(data.subarray(0, 16)).toString("hex");
    return `(${data.length} bytes: ${start}${data.length > 16 ? "..." : ""})`;
  }
  return printable(JSON.stringify(data));
}

/** What a person reads for an accepted publish. */
export function acceptedText(position: Position | undefined, duplicate: boolean): string {
  const where = position === undefined ? "" : ` at ${positionText(position)}`;
  return duplicate ? `accepted before${where}` : `accepted${where}`;
}

function timeText(time: Date, date: boolean): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  return date ? `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock}` : clock;
}
