import { createHash } from "node:crypto";
import type { Entry } from "@hawser/log";
import { compilePattern, HawserError, isCarriable } from "@hawser/protocol";
import type { Payload } from "@hawser/protocol";
import type { ConsumeMessage } from "amqplib";
import { kindOfContent } from "../content-type.ts";

/** Where a message says which of the channels of its stream it is for: a header of it, or its routing key. */
export type BindingKey = { readonly header: string } | "routing-key";

/** Streams that other programs write, as channels that are read only. */
export interface RabbitmqBinding {
  /** The channels, as in policies: `orders.{id}`. */
  readonly pattern: string;
  /** The stream of a channel, with the same names in braces, `orders-{id}`; without any, with `key`, one for all channels. */
  readonly stream: string;
  /** What stands in messages for the one name of the pattern. Default: a channel is a whole stream. */
  readonly key?: BindingKey;
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
}

/** What a channel is bound to. */
export interface BoundTo {
  readonly stream: string;
  /** Reads a message of the stream, for all channels that share it; `undefined` when it has no offset. */
  readonly read: (message: ConsumeMessage) => BoundMessage | undefined;
}

/**
 * Finds what a channel is bound to, by the first binding whose pattern names it. Throws `option-invalid` for a pattern that is none,
 * and for one whose channels would not have each their own messages.
 */
export function compileBindings(bindings: readonly RabbitmqBinding[]): (channel: string) => BoundTo | undefined {
  const compiled = bindings.map(compile);
  return (channel) => {
    for (const { matches, bind } of compiled) if (matches(channel)) return bind(channel);
    return undefined;
  };
}

/** The entry of a message. */
export function boundEntry({ offset, time, payload }: BoundMessage): Entry {
  return { offset, time, payload, key: "", publisher: "" };
}

function compile({ pattern, stream, key, kind }: RabbitmqBinding) {
  const matches = compilePattern(pattern);
  const segments = pattern.split(".");
  const names = segments.filter((segment) => segment.startsWith("{"));
  const placed: readonly string[] = stream.match(placeholder) ?? [];
  const stranger = placed.find((name) => !names.includes(name));
  if (stranger !== undefined) refuse(pattern, `has no ${stranger}, which its stream names`);
  if (segments.some((segment) => segment.includes("*")))
    refuse(pattern, "has a * of which nothing says what it stands for");
  if (key === undefined && names.some((name) => !placed.includes(name)))
    refuse(pattern, "has names that neither its stream nor a key holds: its channels would share their messages");
  if (key !== undefined && (names.length !== 1 || placed.length > 0))
    refuse(pattern, "has a key, which stands for one name of the pattern and none of the stream's");
  const channelOf = (message: ConsumeMessage): string | undefined => {
    const value = keyOf(message, key!);
    const channel = value === undefined ? undefined : pattern.replace(placeholder, () => value);
    return channel !== undefined && matches(channel) ? channel : undefined;
  };
  const shared = { stream, read: (message: ConsumeMessage) => read(message, channelOf(message), kind) };
  return {
    matches,
    bind: (channel: string): BoundTo => {
      if (key !== undefined) return shared;
      const parts = channel.split(".");
      const own = stream.replaceAll(placeholder, (name) => parts[segments.indexOf(name)]!);
      return { stream: own, read: (message) => read(message, channel, kind) };
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
  return {
    offset: native + 1,
    time: typeof timestamp === "number" ? timestamp * 1_000 : 0,
    id: createHash("sha1")
      .update(`${native} ${String(timestamp)} `)
      .update(content)
      .digest("base64url"),
    channel,
    payload: isCarriable(payload) ? payload : undefined,
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

const placeholder = /\{[^{}]+\}/g;
