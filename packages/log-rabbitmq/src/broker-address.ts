import { HawserError } from "@hawser/protocol";

/** The brokers of a cluster and who asks, as their address says. */
export interface BrokerAddress {
  readonly isTls: boolean;
  /** Tried in turn; any node of a cluster answers. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
  /** `?stream=`, if the address names one. */
  readonly stream: string | undefined;
  /** `?partitions=`, if the address names a number. */
  readonly partitions: number | undefined;
}

/** Whether TLS is used and the port where none is given, by scheme: AMQP 0-9-1's own, whatever the scheme's name. */
const schemes: Readonly<Record<string, { readonly isTls: boolean; readonly port: number }>> = {
  "amqp:": { isTls: false, port: 5672 },
  "amqps:": { isTls: true, port: 5671 },
  "rabbitmq-stream:": { isTls: false, port: 5672 },
  "rabbitmq-stream+tls:": { isTls: true, port: 5671 },
};

/**
 * Reads `amqp://user:password@host:port/vhost?stream=NAME&partitions=4`: an AMQP URI as RabbitMQ's document "RabbitMQ URI
 * Specification" has it, in which a host may be followed by others, parted by commas. The vhost is percent-encoded and "/"
 * when there is none.
 *
 * @throws HawserError `option-invalid`
 */
export function parseBrokerAddress(text: string): BrokerAddress {
  // A list of hosts is no URL: the first one is read as part of it, the others by themselves.
  const [, before, others = "", after] = /^([^,/]*\/\/[^,/?]*)((?:,[^,/?]+)*)([/?].*)?$/s.exec(text) ?? [];
  const bare = `${before ?? ""}${after ?? ""}`;
  const url = URL.canParse(bare) ? new URL(bare) : undefined;
  const scheme = url === undefined ? undefined : schemes[url.protocol];
  if (url === undefined || scheme === undefined || url.hostname === "") {
    throw invalid("is no address like amqp://user:password@host:5672/vhost?stream=hawser");
  }
  const hosts = [url.host, ...others.split(",").slice(1)].map((host) => hostAndPort(host, scheme.port));
  const partitions = url.searchParams.get("partitions");
  for (const name of url.searchParams.keys()) {
    if (name !== "stream" && name !== "partitions") throw invalid(`says "${name}", of which nothing is known`);
  }
  return {
    isTls: scheme.isTls,
    hosts,
    username: url.username === "" ? "guest" : decodeURIComponent(url.username),
    password: url.password === "" ? "guest" : decodeURIComponent(url.password),
    vhost: url.pathname === "" || url.pathname === "/" ? "/" : decodeURIComponent(url.pathname.slice(1)),
    stream: url.searchParams.get("stream") ?? undefined,
    partitions: partitions === null ? undefined : Number(partitions),
  };
}

function hostAndPort(text: string, fallback: number): { host: string; port: number } {
  const url = URL.canParse(`amqp://${text}`) ? new URL(`amqp://${text}`) : undefined;
  if (url === undefined || url.hostname === "") throw invalid("names a host that is none");
  return { host: url.hostname.replaceAll(/^\[|\]$/g, ""), port: url.port === "" ? fallback : Number(url.port) };
}

/** The address itself is not shown: a password may stand in it. */
function invalid(what: string): HawserError {
  return new HawserError("option-invalid", `the broker's address ${what}`);
}
