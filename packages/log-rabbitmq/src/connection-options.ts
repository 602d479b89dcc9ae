import type { ConnectionOptions as TlsOptions } from "node:tls";
import { HawserError } from "@hawser/protocol";
import { credentials } from "amqplib";
import { parseBrokerAddress } from "./broker-address.ts";
import type { BrokerAddress } from "./broker-address.ts";

/** How RabbitMQ is reached, by its own protocol AMQP 0-9-1; times in milliseconds. */
export interface RabbitmqConnectionOptions {
  /**
   * `amqp://user:password@host:5672/vhost`, `amqps://` with TLS; several nodes of a cluster as `host1:5672,host2:5672`. What
   * is given beside it counts more. Default `amqp://guest:guest@localhost:5672/`.
   */
  readonly url?: string;
  /** Nodes of one cluster, each with or without a port; the next one is tried when one does not answer. */
  readonly hosts?: readonly string[];
  readonly username?: string;
  readonly password?: string;
  /** Default "/". */
  readonly vhost?: string;
  /** `true`, or the options of Node's `tls.connect`: `ca`, `cert`, `key`, `servername`, ... Certificates are verified. */
  readonly tls?: boolean | TlsOptions;
  /** `external`: the broker takes the name out of the client's certificate. Default `plain`. */
  readonly mechanism?: "plain" | "amqplain" | "external";
  /** As the broker's management shows it. Default "hawser". */
  readonly connectionName?: string;
  /** After which a connection that shows no life is given up; in whole seconds on the wire. Default 10,000. */
  readonly heartbeatMs?: number;
  /** Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** The first pause between two tries to connect; each is up to twice the one before. Default 100. */
  readonly minBackoffMs?: number;
  /** Default 5,000. */
  readonly maxBackoffMs?: number;
}

/** {@link RabbitmqConnectionOptions} with all that was left out. */
export interface ConnectionSettings extends Omit<BrokerAddress, "isTls"> {
  readonly tls: TlsOptions | undefined;
  readonly mechanism: "plain" | "amqplain" | "external";
  readonly connectionName: string;
  readonly heartbeatMs: number;
  readonly connectTimeoutMs: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
}

/** @throws HawserError `option-invalid` */
export function connectionSettings(options: RabbitmqConnectionOptions): ConnectionSettings {
  const { url = "amqp://localhost", hosts, tls } = options;
  const { isTls, ...address } = parseBrokerAddress(url);
  if (tls === false && isTls)
    throw new HawserError("option-invalid", "`tls` is false, and the broker's address has TLS");
  const isSecure = isTls || (tls !== undefined && tls !== false);
  const listed = hosts === undefined ? address.hosts : hostsOf(hosts, isSecure);
  return {
    ...address,
    hosts: listed,
    username: options.username ?? address.username,
    password: options.password ?? address.password,
    vhost: options.vhost ?? address.vhost,
    tls: isSecure ? (typeof tls === "object" ? tls : {}) : undefined,
    mechanism: options.mechanism ?? "plain",
    connectionName: options.connectionName ?? "hawser",
    heartbeatMs: options.heartbeatMs ?? 10_000,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    minBackoffMs: options.minBackoffMs ?? 100,
    maxBackoffMs: options.maxBackoffMs ?? 5_000,
  };
}

/** What the broker is shown in the handshake. */
export function credentialsOf({ mechanism, username, password }: ConnectionSettings): {
  mechanism: string;
  response: () => Buffer;
} {
  if (mechanism === "external") return credentials.external();
  return mechanism === "plain" ? credentials.plain(username, password) : credentials.amqplain(username, password);
}

function hostsOf(hosts: readonly string[], isSecure: boolean): BrokerAddress["hosts"] {
  if (hosts.length === 0) throw new HawserError("option-invalid", "`hosts` names at least one node");
  return parseBrokerAddress(`${isSecure ? "amqps" : "amqp"}://${hosts.join(",")}`).hosts;
}
