import { filledHeaders } from "../headers/header-template.ts";
import type { HeaderFacts } from "../headers/header-template.ts";
import type { ClientOrigin } from "./forwarded.ts";
import type { HeaderChanges, Route } from "./route.ts";

/** Names and values in turn, as `IncomingMessage.rawHeaders` has them. */
export type RawHeaders = readonly string[];

/** Those of one connection alone (RFC 9110, section 7.6.1), beside what `Connection` names. */
const hopByHop = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Of an answer with a body: its length is said anew. */
const framing = ["content-length"];

/** Names that begin so are the gateway's own: no client may speak by them. */
const ownPrefix = "x-hawser-";

const forwardedNames = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded"];

/** What the target is asked with. */
export interface RequestHeaders {
  readonly raw: RawHeaders;
  readonly route: Route;
  readonly origin: ClientOrigin;
  /** `host:port` of the target. */
  readonly targetHost: string;
  /** Said by the gateway of the client and of itself: in the place of whatever the client said by these names. */
  readonly own: Readonly<Record<string, string>>;
  /** Names by which only the gateway speaks: what the client says by them is taken out. */
  readonly reserved: readonly string[];
  /** Who asks, for what the route sets. */
  readonly facts: HeaderFacts;
}

/** The client's headers as they go to the target; `Sec-WebSocket-*` pass as they are. */
export function requestHeaders({ raw, route, origin, targetHost, own, reserved, facts }: RequestHeaders): string[] {
  const { forwarded = "x-forwarded", host = "client", request } = route.options;
  const dropped = [...hopByHop, ...named(raw), ...forwardedNames, ...reserved.map(lower)];
  let headers = without(raw, dropped, ownPrefix);
  headers.push("Connection", "Upgrade", "Upgrade", "websocket");
  if (forwarded === "x-forwarded" || forwarded === "both") {
    headers.push("X-Forwarded-For", origin.forwardedFor);
    headers.push("X-Forwarded-Proto", origin.secure ? "https" : "http");
    headers.push("X-Forwarded-Host", origin.host);
  }
  if (forwarded === "forwarded" || forwarded === "both") headers.push("Forwarded", origin.forwarded);
  if (host === "target") headers = replaced(headers, { Host: targetHost });
  const kept = without(replaced(headers, own), (request?.remove ?? []).map(lower));
  // One without a value is taken out, too: the client must not speak in its place.
  const set = route.requestHeaders.map(({ name }) => lower(name));
  return [...without(kept, set), ...Object.entries(filledHeaders(route.requestHeaders, facts)).flat()];
}

/** The target's answer of 101, as it goes to the client. */
export function upgradedHeaders(raw: RawHeaders, changes: HeaderChanges | undefined): string[] {
  const kept = without(raw, [...hopByHop, ...named(raw)]);
  return changed([...kept, "Connection", "Upgrade", "Upgrade", "websocket"], changes);
}

/** Another answer of the target, whose body of `bodyBytes` is there whole. */
export function answerHeaders(raw: RawHeaders, bodyBytes: number, changes: HeaderChanges | undefined): string[] {
  const kept = without(raw, [...hopByHop, ...named(raw), ...framing]);
  const upgrade = valuesOf(raw, "upgrade").flatMap((value) => ["Upgrade", value]);
  const connection = upgrade.length > 0 ? "close, Upgrade" : "close";
  return changed([...kept, ...upgrade, "Connection", connection, "Content-Length", String(bodyBytes)], changes);
}

/** All values of a header. */
export function valuesOf(raw: RawHeaders, name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) if (lower(raw[index]!) === name) values.push(raw[index + 1]!);
  return values;
}

/** The members of a header that is a list, such as `Sec-WebSocket-Protocol`. */
export function listOf(raw: RawHeaders, name: string): string[] {
  return valuesOf(raw, name)
    .flatMap((value) => value.split(","))
    .map((member) => member.trim())
    .filter((member) => member !== "");
}

/** How many bytes they have on the wire. */
export function sizeOf(raw: RawHeaders): number {
  let bytes = 0;
  for (const part of raw) bytes += part.length + 2;
  return bytes;
}

/** What `Connection` says is for this hop alone. That cannot take out what makes the handshake. */
function named(raw: RawHeaders): string[] {
  return listOf(raw, "connection")
    .map(lower)
    .filter((name) => name !== "host" && !name.startsWith("sec-websocket-"));
}

/** By CGI's rule, and so to servers in PHP, Python or Ruby, `_` and `-` are the same: by neither may a client say the gateway's names. */
function without(raw: RawHeaders, names: readonly string[], prefix?: string): string[] {
  const dropped = new Set(names.map(dashed));
  const kept: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = dashed(lower(raw[index]!));
    if (!dropped.has(name) && (prefix === undefined || !name.startsWith(prefix)))
      kept.push(raw[index]!, raw[index + 1]!);
  }
  return kept;
}

function replaced(raw: RawHeaders, values: Readonly<Record<string, string>>): string[] {
  const entries = Object.entries(values);
  return [
    ...without(
      raw,
      entries.map(([name]) => lower(name)),
    ),
    ...entries.flat(),
  ];
}

function changed(raw: string[], changes: HeaderChanges | undefined): string[] {
  const kept = changes?.remove === undefined ? raw : without(raw, changes.remove.map(lower));
  return changes?.set === undefined ? kept : replaced(kept, changes.set);
}

function dashed(name: string): string {
  return name.replaceAll("_", "-");
}

function lower(name: string): string {
  return name.toLowerCase();
}
