import { HawserError } from "@hawser/protocol";
import type { NatsLogOptions } from "./nats-log.ts";

/**
 * The options that a URL says: `nats://HOST:PORT?stream=NAME`, with `tls:` in place of `nats:` TLS is demanded. A user's name and
 * password stand before the host, a token as a password without a name. Parameters are `stream`, `partitions`, `replicas`, `storage`, `flush`
 * (`declared`, or the URLs of the servers' monitoring), `maxAgeMs`, `maxBytes`, `maxMessages`, `discard`, `credentialsFile`, and
 * `servers` for more of them; lists are parted by commas. Throws `option-invalid`.
 */
export function natsOptionsOf(address: string): NatsLogOptions {
  const url = new URL(address);
  const { protocol, username, password, hostname, port, pathname, searchParams } = url;
  if (protocol !== "nats:" && protocol !== "tls:") refuse(`${protocol}// is no scheme of NATS`);
  if (hostname === "" || !["", "/"].includes(pathname)) refuse("the address is nats://HOST:PORT?stream=NAME");
  const options: Record<string, unknown> = {};
  const servers = [`${hostname}:${port === "" ? defaultPort : port}`];
  for (const [name, value] of searchParams) {
    if (name === "servers") servers.push(...value.split(","));
    else if (name === "flush") options[name] = value === "declared" ? value : { monitoring: value.split(",") };
    else if (numbers.has(name)) options[name] = numberOf(name, value);
    else if (texts.get(name)?.includes(value) === true || texts.get(name) === anyText) options[name] = value;
    else refuse(`"${name}=${value}" is no parameter of the address`);
  }
  const [user, secret] = [decodeURIComponent(username), decodeURIComponent(password)];
  if (user !== "" && secret === "") refuse("a user has a password; a token stands in its place, as nats://:TOKEN@HOST");
  if (user !== "") Object.assign(options, { user, pass: secret });
  else if (secret !== "") options["token"] = secret;
  if (protocol === "tls:") options["tls"] = {};
  return { ...options, servers };
}

function numberOf(name: string, value: string): number {
  if (!/^\d+$/.test(value)) refuse(`${name} "${value}" is no number`);
  return Number(value);
}

function refuse(what: string): never {
  throw new HawserError("option-invalid", `NATS: ${what}`);
}

const defaultPort = 4222;
const numbers: ReadonlySet<string> = new Set(["partitions", "replicas", "maxAgeMs", "maxBytes", "maxMessages"]);
const anyText: readonly string[] = [];
/** What they may be. */
const texts: ReadonlyMap<string, readonly string[]> = new Map([
  ["stream", anyText],
  ["credentialsFile", anyText],
  ["storage", ["file", "memory"]],
  ["discard", ["old", "new"]],
]);
