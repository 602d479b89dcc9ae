import type { Frame } from "./frames.ts";
import type { ResetReason } from "./frames/subscription-frames.ts";
import type { Interval, Message, Payload, Position } from "./message.ts";

/** How a field of a frame is written. */
export type FieldKind =
  /** An integer from 0 to 2^53 - 1; the default is 0. */
  | "uint"
  /** An integer from 0 to 2^32 - 1. */
  | "uint32"
  | "bool"
  | "string"
  | "strings"
  | "bytes"
  /** A `ResetReason`. */
  | "reset"
  | "position"
  | "interval"
  /** Has to be there. */
  | "payload"
  | "messages";

/** Who may send a frame. */
export type Sender = "client" | "server" | "either";

/** How one type of frame looks on the wire. */
export interface FrameShape {
  /** Its field in the message `Frame` of `spec/hawser.proto`. */
  readonly number: number;
  readonly from: Sender;
  /** In the order of their numbers in `spec/hawser.proto`, which are 1, 2, 3, ... but in `batch`, `page` and `published`. */
  readonly fields: Readonly<Record<string, FieldKind>>;
}

/** The kinds that fit a field's type, so that the compiler holds the table against the frames. */
type KindOf<T> = [T] extends [number]
  ? "uint" | "uint32"
  : [T] extends [boolean]
    ? "bool"
    : [T] extends [Uint8Array]
      ? "bytes"
      : [T] extends [ResetReason]
        ? "reset"
        : [T] extends [string]
          ? "string"
          : [T] extends [readonly string[]]
            ? "strings"
            : [T] extends [readonly Message[]]
              ? "messages"
              : [T] extends [Payload]
                ? "payload"
                : [T] extends [Position | undefined]
                  ? "position"
                  : [T] extends [Interval | undefined]
                    ? "interval"
                    : never;

type FrameTable = {
  readonly [F in Frame as F["type"]]: {
    readonly number: number;
    readonly from: Sender;
    readonly fields: { readonly [K in Exclude<keyof F, "type">]: KindOf<F[K]> };
  };
};

/** Every frame of `spec/hawser.proto`: the one table that both codecs and the tests read. */
export const frameTable: FrameTable = {
  batch: {
    number: 1,
    from: "server",
    fields: {
      number: "uint",
      generation: "uint32",
      epoch: "uint",
      from: "uint",
      to: "uint",
      messages: "messages",
      conflated: "bool",
    },
  },
  publish: {
    number: 2,
    from: "client",
    fields: {
      id: "uint",
      channel: "string",
      producer: "bytes",
      sequence: "uint",
      previous: "uint",
      payload: "payload",
      key: "string",
    },
  },
  published: {
    number: 3,
    from: "server",
    fields: { id: "uint", position: "position", duplicate: "bool", following: "uint" },
  },
  rejected: {
    number: 4,
    from: "server",
    fields: { id: "uint", code: "string", message: "string", retry: "bool", retryAfterMs: "uint", last: "uint" },
  },
  credit: { number: 5, from: "client", fields: { number: "uint", generation: "uint32", credit: "uint" } },
  seek: { number: 6, from: "client", fields: { number: "uint", generation: "uint32", offset: "uint" } },
  ping: { number: 7, from: "either", fields: { nonce: "uint" } },
  pong: { number: 8, from: "either", fields: { nonce: "uint" } },
  received: { number: 9, from: "client", fields: { bytes: "uint" } },
  call: {
    number: 10,
    from: "client",
    fields: { id: "uint", method: "string", payload: "payload", timeoutMs: "uint", idempotent: "bool" },
  },
  result: { number: 11, from: "server", fields: { id: "uint", payload: "payload" } },
  error: {
    number: 12,
    from: "server",
    fields: { id: "uint", code: "string", message: "string", retry: "bool", retryAfterMs: "uint" },
  },
  present: {
    number: 13,
    from: "server",
    fields: { number: "uint", user: "string", member: "string", payload: "payload" },
  },
  absent: { number: 14, from: "server", fields: { number: "uint", user: "string", member: "string" } },
  connect: { number: 16, from: "client", fields: { token: "string", session: "string", agent: "string" } },
  connected: {
    number: 17,
    from: "server",
    fields: {
      session: "string",
      node: "string",
      user: "string",
      expiresInMs: "uint",
      heartbeatMs: "uint",
      maxMessageBytes: "uint",
      maxSubscriptions: "uint",
      maxRequests: "uint",
      time: "uint",
      deduplicateMs: "uint",
    },
  },
  authenticate: { number: 18, from: "client", fields: { id: "uint", token: "string" } },
  authenticated: { number: 19, from: "server", fields: { id: "uint", expiresInMs: "uint" } },
  move: {
    number: 20,
    from: "server",
    fields: { deadlineMs: "uint", delayMs: "uint", endpoints: "strings", reason: "string" },
  },
  subscribe: {
    number: 21,
    from: "client",
    fields: {
      id: "uint",
      channel: "string",
      generation: "uint32",
      position: "position",
      last: "uint32",
      credit: "uint",
      grant: "bytes",
    },
  },
  subscribed: {
    number: 22,
    from: "server",
    fields: {
      id: "uint",
      number: "uint",
      generation: "uint32",
      epoch: "uint",
      offset: "uint",
      end: "uint",
      lost: "interval",
      reset: "reset",
      grant: "bytes",
    },
  },
  unsubscribe: { number: 23, from: "client", fields: { number: "uint", generation: "uint32" } },
  unsubscribed: {
    number: 24,
    from: "server",
    fields: { number: "uint", generation: "uint32", offset: "uint", code: "string", message: "string" },
  },
  reset: {
    number: 25,
    from: "server",
    fields: {
      number: "uint",
      generation: "uint32",
      epoch: "uint",
      offset: "uint",
      lost: "interval",
      reset: "reset",
    },
  },
  history: {
    number: 26,
    from: "client",
    fields: { id: "uint", channel: "string", position: "position", backward: "bool", limit: "uint32" },
  },
  page: {
    number: 27,
    from: "server",
    fields: {
      id: "uint",
      epoch: "uint",
      floor: "uint",
      from: "uint",
      to: "uint",
      messages: "messages",
      more: "bool",
    },
  },
  cancel: { number: 28, from: "client", fields: { id: "uint" } },
  enter: {
    number: 32,
    from: "client",
    fields: { id: "uint", channel: "string", member: "string", generation: "uint32", payload: "payload" },
  },
  entered: { number: 33, from: "server", fields: { id: "uint", member: "string" } },
  leave: { number: 34, from: "client", fields: { channel: "string", generation: "uint32" } },
  watch: { number: 35, from: "client", fields: { id: "uint", channel: "string", countOnly: "bool" } },
  watched: { number: 36, from: "server", fields: { id: "uint", number: "uint" } },
  unwatch: { number: 37, from: "client", fields: { channel: "string" } },
  census: { number: 38, from: "server", fields: { number: "uint", count: "uint", anew: "bool" } },
  revoked: { number: 39, from: "server", fields: { channel: "string", verb: "string", message: "string" } },
  "socket-data": {
    number: 15,
    from: "either",
    fields: { number: "uint", from: "uint", text: "bool", last: "bool", data: "bytes" },
  },
  "open-socket": {
    number: 40,
    from: "client",
    fields: {
      id: "uint",
      number: "uint",
      upstream: "string",
      path: "string",
      protocols: "strings",
      lane: "string",
      credit: "uint",
      instead: "uint",
    },
  },
  "socket-opened": {
    number: 41,
    from: "server",
    fields: {
      id: "uint",
      token: "bytes",
      home: "string",
      instance: "string",
      endpoints: "strings",
      protocol: "string",
      extensions: "string",
      credit: "uint",
      resumeMs: "uint",
    },
  },
  "attach-socket": {
    number: 42,
    from: "client",
    fields: {
      id: "uint",
      number: "uint",
      generation: "uint32",
      token: "bytes",
      home: "string",
      instance: "string",
      received: "uint",
      credit: "uint",
    },
  },
  "socket-attached": { number: 43, from: "server", fields: { id: "uint", received: "uint", credit: "uint" } },
  "socket-window": { number: 44, from: "either", fields: { number: "uint", received: "uint", credit: "uint" } },
  "socket-close": {
    number: 45,
    from: "either",
    fields: { number: "uint", from: "uint", code: "uint32", reason: "string" },
  },
  "detach-socket": {
    number: 46,
    from: "server",
    fields: { number: "uint", generation: "uint32", code: "string", message: "string", retry: "bool" },
  },
  close: { number: 48, from: "either", fields: { code: "uint32", reason: "string" } },
};

/** The reasons of `subscribed` and `reset`; another makes the frame malformed. */
export const resetReasons: readonly string[] = [
  "",
  "truncated",
  "unknown",
  "ahead",
  "trimmed",
] satisfies readonly ResetReason[];

/** The value of a field that the wire leaves out. `undefined` for a payload: it has to be there. */
export function defaultOf(kind: FieldKind): unknown {
  switch (kind) {
    case "uint":
    case "uint32":
      return 0;
    case "bool":
      return false;
    case "string":
    case "reset":
      return "";
    case "strings":
    case "messages":
      return [];
    case "bytes":
      return new Uint8Array(0);
    default:
      return undefined;
  }
}
