import { compilePattern, HawserError, isCarriable } from "@hawser/protocol";
import type { Payload } from "@hawser/protocol";
import type { Entry } from "@hawser/log";
import { compileTemplate } from "@hawser/log/broker";
import { offsetOf } from "./stream-offsets.ts";

/** Streams that other programs write, as channels. Offsets come of the streams' ids, which have to be the clock's (`XADD key *`). */
export interface RedisBinding {
  /** The channels, as in policies: `orders.{id}`. */
  readonly pattern: string;
  /** The key of a channel's stream, with the same names in braces: `orders:{id}`. */
  readonly stream: string;
  /** `read` (the default): clients and application follow only. `both`: they publish too, into `field`. */
  readonly mode?: "read" | "both";
  /** The field that is a message's payload, as it is. Default: all fields, as a JSON object of strings. */
  readonly field?: string;
  /** What that field holds. What is not of this kind is a hole. Default `text`. */
  readonly kind?: Payload["kind"];
}

/** The binding of one channel. */
export interface BoundStream {
  readonly stream: string;
  readonly mode: "read" | "both";
  readonly field: string | undefined;
  readonly kind: Payload["kind"];
}

/**
 * Finds the stream of a channel, by the first binding whose pattern names it. Throws `option-invalid` for a pattern that is
 * none, a name in `stream` that the pattern does not have, and `both` without a `field`.
 */
export function compileBindings(bindings: readonly RedisBinding[]): (channel: string) => BoundStream | undefined {
  const compiled = bindings.map(compile);
  return (channel) => {
    for (const { matches, bind } of compiled) if (matches(channel)) return bind(channel);
    return undefined;
  };
}

function compile({ pattern, stream, mode = "read", field, kind = "text" }: RedisBinding) {
  const streamOf = compileTemplate(pattern, stream);
  if (mode === "both" && field === undefined) {
    throw new HawserError("option-invalid", `the binding of ${pattern} has the mode "both", which needs a field`);
  }
  return {
    matches: compilePattern(pattern),
    bind: (channel: string): BoundStream => ({
      stream: streamOf(channel),
      mode,
      field,
      kind: field === undefined ? "json" : kind,
    }),
  };
}

/** Reads entries `[id, [name, value, ...]]` of a stream that others write. What cannot be carried is a hole. */
export function boundEntries(
  { field, kind }: Pick<BoundStream, "field" | "kind">,
  found: readonly (readonly [Buffer, readonly Buffer[]])[],
): Entry[] {
  const entries: Entry[] = [];
  for (const [id, fields] of found) {
    const [milliseconds, number] = id.toString("latin1").split("-").map(Number);
    const { offset, isExact } = offsetOf(milliseconds!, number!);
    // All that share an offset are one hole.
    if (entries.at(-1)?.offset === offset) continue;
    const payload = isExact ? payloadOf(fields, field, kind) : undefined;
    entries.push({ offset, time: milliseconds!, payload, key: "", publisher: "" });
  }
  return entries;
}

function payloadOf(fields: readonly Buffer[], field: string | undefined, kind: Payload["kind"]): Payload | undefined {
  const values = new Map<string, Buffer>();
  for (let index = 0; index + 1 < fields.length; index += 2) values.set(String(fields[index]), fields[index + 1]!);
  const data = field === undefined ? textsOf(values) : values.get(field);
  if (data === undefined) return undefined;
  const payload: Payload = { kind, data: new Uint8Array(data) };
  return isCarriable(payload) ? payload : undefined;
}

/** All fields as JSON; `undefined` where one is not text. */
function textsOf(values: ReadonlyMap<string, Buffer>): Buffer | undefined {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    const texts = [...values].map(([name, value]) => [name, decoder.decode(value)] as const);
    return Buffer.from(JSON.stringify(Object.fromEntries(texts)));
  } catch {
    return undefined;
  }
}
