import { HawserError } from "@hawser/protocol";
import type { SaslMechanism } from "./connection-options.ts";

/** What an address of a log in Kafka says; what it does not say is `undefined`. */
export interface KafkaAddress {
  readonly isTls: boolean;
  /** Some brokers of one cluster, each `host:port`; the others are found through them. */
  readonly brokers: readonly string[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly topic: string | undefined;
  readonly partitions: number | undefined;
  readonly replicationFactor: number | undefined;
  readonly minInSyncReplicas: number | undefined;
  readonly mechanism: SaslMechanism | undefined;
}

/** The ports that Kafka's own quick start names. */
const defaultPort = 9092;

/** Names of the mechanisms, as an address has them. */
const mechanisms: ReadonlyMap<string, SaslMechanism> = new Map([
  ["plain", "PLAIN"],
  ["scram-sha-256", "SCRAM-SHA-256"],
  ["scram-sha-512", "SCRAM-SHA-512"],
]);

const known: ReadonlySet<string> = new Set(["partitions", "replicas", "min-in-sync", "sasl"]);

/**
 * Reads `kafka://user:password@host:9092,host2:9092/topic?partitions=4&replicas=3&min-in-sync=2&sasl=scram-sha-256`;
 * `kafkas://` has TLS.
 *
 * @throws HawserError `option-invalid`
 */
export function parseKafkaAddress(text: string): KafkaAddress {
  // A list of hosts is no URL: the first one is read as part of it, the others by themselves.
  const [, before, others = "", after] = /^([^,/]*\/\/[^,/?]*)((?:,[^,/?]+)*)([/?].*)?$/s.exec(text) ?? [];
  const bare = `${before ?? ""}${after ?? ""}`;
  const url = URL.canParse(bare) ? new URL(bare) : undefined;
  const isTls = url?.protocol === "kafkas:";
  if (url === undefined || (!isTls && url.protocol !== "kafka:") || url.hostname === "") {
    throw invalid("is no address like kafka://host:9092,host2:9092/topic?partitions=4");
  }
  for (const name of url.searchParams.keys()) {
    if (!known.has(name)) throw invalid(`says "${name}", of which nothing is known`);
  }
  const sasl = url.searchParams.get("sasl");
  if (sasl !== null && !mechanisms.has(sasl))
    throw invalid(`has a sasl that is none of ${[...mechanisms.keys()].join(", ")}`);
  const number = (name: string): number | undefined => {
    const value = url.searchParams.get(name);
    return value === null ? undefined : Number(value);
  };
  return {
    isTls,
    brokers: [url.host, ...others.split(",").slice(1)].map(withPort),
    username: url.username === "" ? undefined : decodeURIComponent(url.username),
    password: url.password === "" ? undefined : decodeURIComponent(url.password),
    topic: url.pathname === "" || url.pathname === "/" ? undefined : decodeURIComponent(url.pathname.slice(1)),
    partitions: number("partitions"),
    replicationFactor: number("replicas"),
    minInSyncReplicas: number("min-in-sync"),
    mechanism: sasl === null ? undefined : mechanisms.get(sasl),
  };
}

/** Where a broker of a list is, by its host and port; a port that is not named is Kafka's own. */
export function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const url = URL.canParse(`kafka://${text}`) ? new URL(`kafka://${text}`) : undefined;
  if (url === undefined || url.hostname === "") throw invalid("names a host that is none");
  return { host: url.hostname.replaceAll(/^\[|\]$/g, ""), port: url.port === "" ? defaultPort : Number(url.port) };
}

function withPort(text: string): string {
  const { host, port } = hostAndPort(text);
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The address itself is not shown: a password may stand in it. */
function invalid(what: string): HawserError {
  return new HawserError("option-invalid", `the address of Kafka ${what}`);
}
