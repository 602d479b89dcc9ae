import { compilePattern, HawserError, isCarriable } from "@hawser/protocol";
import type { Payload } from "@hawser/protocol";
import type { Entry } from "@hawser/log";
import { recordOf } from "../message/record-message.ts";
import type { StoredMessage } from "../message/record-message.ts";
import { subjectTokens } from "../message/subject.ts";

/** Subjects of a stream that other programs write, as channels. */
export interface NatsBinding {
  /** The channels, as in policies: `orders.{id}`. */
  readonly pattern: string;
  /** The stream, which has to exist. */
  readonly stream: string;
  /** The subject of a channel, with the same names in braces: `shop.orders.{id}`. */
  readonly subject: string;
  /** `read` (the default): clients and application follow only. `both`: they publish too, as messages of the subject. */
  readonly mode?: "read" | "both";
  /** What the messages of others hold. What is not of this kind is a hole. Default `text`. */
  readonly kind?: Payload["kind"];
}

/** A binding as it is used. */
export interface CompiledBinding {
  readonly stream: string;
  readonly mode: "read" | "both";
  readonly kind: Payload["kind"];
  /** All subjects of the binding. */
  readonly filter: string;
  /** The subject of a channel; `undefined` when the binding is not for it. */
  readonly subjectOf: (channel: string) => string | undefined;
}

/** Throws `option-invalid` for a pattern that is none, and a name in `subject` that the pattern does not have. */
export function compileBinding({
  pattern,
  stream,
  subject,
  mode = "read",
  kind = "text",
}: NatsBinding): CompiledBinding {
  const matches = compilePattern(pattern);
  const segments = pattern.split(".");
  const placed = subject.split(".").map((token) => {
    const name = /^\{(.+)\}$/.exec(token)?.[1];
    const place = name === undefined ? undefined : segments.indexOf(token);
    if (place === -1) throw new HawserError("option-invalid", `the binding of ${pattern} has no {${name}}`);
    return { token, place };
  });
  return {
    stream,
    mode,
    kind,
    filter: placed.map(({ token, place }) => (place === undefined ? token : "*")).join("."),
    subjectOf: (channel) => {
      if (!matches(channel)) return undefined;
      const parts = channel.split(".");
      return placed.map(({ token, place }) => (place === undefined ? token : subjectTokens(parts[place]!))).join(".");
    },
  };
}

/** The entry of a message: of ours, as its headers say; of somebody else's, of this kind. What cannot be carried is a hole. */
export function boundEntry(message: StoredMessage, kind: Payload["kind"]): Entry {
  const { sequence: offset, time, data } = message;
  const { record } = recordOf(message);
  const own = record.kind === "append" ? record : undefined;
  const payload: Payload = own?.payload ?? { kind, data: new Uint8Array(data) };
  const { key = "", publisher = "" } = own ?? {};
  return { offset, time, payload: isCarriable(payload) ? payload : undefined, key, publisher };
}
