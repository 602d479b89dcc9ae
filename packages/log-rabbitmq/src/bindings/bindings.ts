import { createHash } from "node:crypto";
import type { Entry } from "@hawser/log";
import { compileTemplate, markHeaders, placeholders, readMark, refusal } from "@hawser/log/broker";
import type { MarkedRecord } from "@hawser/log/broker";
import { compilePattern, HawserError, isCarriable } from "@hawser/protocol";
import type { Payload } from "@hawser/protocol";
import type { ConsumeMessage } from "amqplib";
import { contentTypes, kindOfContent } from "../content-type.ts";
import type { StreamMessage } from "../stream-publisher.ts";

/** Where a message says which of the channels of its stream it is for: a header of it, or its routing key. */
export type BindingKey = { readonly header: string } | "routing-key";

/** Streams that other programs write, as channels. */
export interface RabbitmqBinding {
  /** The channels, as in policies: `orders.{id}`. */
  readonly pattern: string;
  /** The stream of a channel, with the same names in braces, `orders-{id}`; without any, with `key`, one for all channels. */
  readonly stream: string;
  /** What stands in messages for the one name of the pattern. Default: a channel is a whole stream. */
  readonly key?: BindingKey;
  /**
   * Whether clients publish into it too: `both`. A published message is one of the stream, with its payload as it is and the headers of `markHeaders`;
   * of one whose outcome was in doubt other programs may see several copies, the channel has one. Default `read`.
   */
  readonly mode?: "read" | "both";
  /** To which clients' messages go, with the routing key of the channel: for a `key` of `routing-key` that is written. The stream is bound to it. */
  readonly exchange?: string;
  /** What the messages hold. What is not of this kind is a hole. Default: what their content type says. */
  readonly kind?: Payload["kind"];
}

/** A message of a stream of others. */
export interface BoundMessage {
  readonly offset: number;
  readonly time: number;
  /** How it is known again: another one at its place has another. */
  readonly id: string;
  /** The channel that it is for; `undefined`: none of the binding's. */
  readonly channel: string | undefined;
  readonly payload: Payload | undefined;
  /** What a node marked it with that wrote it; `undefined`: somebody else did. */
  readonly marked: ReturnType<typeof readMark>;
}

/** What a channel is bound to. */
export interface BoundTo {
  readonly stream: string;
  /** Reads a message of the stream, for all channels that share it; `undefined` when it has no offset. */
  readonly read: (message: ConsumeMessage) => BoundMessage | undefined;
  /** How it is written; `undefined`: it is only read. */
  readonly write: BoundWriting | undefined;
}

/** How messages get into a stream. */
export interface BoundWriting {
  readonly messageOf: (record: MarkedRecord, nowMs: number) => StreamMessage;
  /** Why a payload cannot be written; `undefined`: it can. */
  readonly refuse: (payload: Payload) => string | undefined;
}

/**
 * Finds what a channel is bound to, the payloads of what is written bounded by `maxPayloadBytes`, by the first binding whose pattern names it. Throws `option-invalid` for a pattern that is none,
 * and for one whose channels would not have each their own messages.
 */
export function compileBindings(
  bindings: readonly RabbitmqBinding[],
  maxPayloadBytes = 15 << 20,
): (channel: string) => BoundTo | undefined {
  const compiled = bindings.map((binding) => compile(binding, maxPayloadBytes));
  return (channel) => {
    for (const { matches, bind } of compiled) if (matches(channel)) return bind(channel);
    return undefined;
  };
}

/** The entry of a message. */
export function boundEntry({ offset, time, payload, marked }: BoundMessage): Entry {
  return { offset, time, payload, key: marked?.key ?? "", publisher: marked?.publisher ?? "" };
}

function compile({ pattern, stream, key, kind, mode = "read", exchange }: RabbitmqBinding, maxPayloadBytes: number) {
  const matches = compilePattern(pattern);
  const segments = pattern.split(".");
  const names = placeholders(pattern);
  const placed = placeholders(stream);
  const streamOf = compileTemplate(pattern, stream);
  if (segments.some((segment) => segment.includes("*")))
    refuse(pattern, "has a * of which nothing says what it stands for");
  if (key === undefined && names.some((name) => !placed.includes(name)))
    refuse(pattern, "has names that neither its stream nor a key holds: its channels would share their messages");
  if (key !== undefined && (names.length !== 1 || placed.length > 0))
    refuse(pattern, "has a key, which stands for one name of the pattern and none of the stream's");
  if (mode === "both" && key === "routing-key" && exchange === undefined)
    refuse(pattern, "is written by a routing key, for which it needs an `exchange` that the stream is bound to");
  if (exchange !== undefined && (mode === "read" || key !== "routing-key"))
    refuse(pattern, "has an exchange, which is for a routing key that is written");
  const channelOf = (message: ConsumeMessage): string | undefined => {
    const value = keyOf(message, key!);
    const channel = value === undefined ? undefined : pattern.replace(names[0]!, () => value);
    return channel !== undefined && matches(channel) ? channel : undefined;
  };
  const keyed = (channel: string): string => channel.split(".")[segments.indexOf(names[0]!)]!;
  const write: BoundWriting | undefined =
    mode === "read"
      ? undefined
      : {
          messageOf: (record, now) => messageOf(record, now, key, exchange, keyed),
          refuse: (payload) => refusal(payload, { kind: kind ?? payload.kind, maxPayloadBytes }),
        };
  const shared = { stream, read: (message: ConsumeMessage) => read(message, channelOf(message), kind), write };
  return {
    matches,
    bind: (channel: string): BoundTo => {
      if (key !== undefined) return shared;
      return { stream: streamOf(channel), read: (message) => read(message, channel, kind), write };
    },
  };
}

function read(
  message: ConsumeMessage,
  channel: string | undefined,
  kind: Payload["kind"] | undefined,
): BoundMessage | undefined {
  const { content, properties } = message;
  const { headers = {}, timestamp, contentType } = properties;
  const native: unknown = headers["x-stream-offset"];
  if (typeof native !== "number") return undefined;
  const payload: Payload = { kind: kind ?? kindOfContent(contentType), data: new Uint8Array(content) };
  const marked = readMark((name) => (typeof headers[name] === "string" ? headers[name] : undefined));
  return {
    offset: native + 1,
    time: typeof timestamp === "number" ? timestamp * 1_000 : 0,
    id: marked?.id ?? digestOf(native, timestamp, content),
    channel,
    payload: isCarriable(payload) ? payload : undefined,
    marked,
  };
}

function digestOf(native: number, timestamp: unknown, content: Buffer): string {
  return createHash("sha1")
    .update(`${native} ${String(timestamp)} `)
    .update(content)
    .digest("base64url");
}

function messageOf(
  record: MarkedRecord,
  nowMs: number,
  key: BindingKey | undefined,
  exchange: string | undefined,
  keyed: (channel: string) => string,
): StreamMessage {
  const { payload, channel, id } = record;
  const { buffer, byteOffset, byteLength } = payload.data;
  const byHeader = typeof key === "object" ? { [key.header]: keyed(channel) } : {};
  return {
    content: Buffer.from(buffer, byteOffset, byteLength),
    properties: {
      messageId: id,
      contentType: contentTypes[payload.kind],
      timestamp: Math.floor(nowMs / 1_000),
      persistent: true,
      mandatory: true,
      headers: { ...byHeader, ...markHeaders(record) },
    },
    records: 1,
    ...(key === "routing-key" ? { route: { exchange: exchange!, routingKey: keyed(channel) } } : {}),
  };
}

function keyOf({ fields, properties }: ConsumeMessage, key: BindingKey): string | undefined {
  if (key === "routing-key") return fields.routingKey;
  const value: unknown = properties.headers?.[key.header];
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

function refuse(pattern: string, why: string): never {
  throw new HawserError("option-invalid", `RabbitMQ: the binding of ${pattern} ${why}`);
}
