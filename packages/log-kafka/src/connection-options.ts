import type { ConnectionOptions as TlsOptions } from "node:tls";
import { HawserError } from "@hawser/protocol";
import type { SASLOptions } from "@platformatic/kafka";
import { hostAndPort, parseKafkaAddress } from "./kafka-address.ts";
import type { KafkaAddress } from "./kafka-address.ts";

/** How a client says who it is, as Kafka names it. */
export type SaslMechanism = "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512" | "OAUTHBEARER";

/** How Kafka is reached; times in milliseconds. */
export interface KafkaConnectionOptions {
  /**
   * `kafka://user:password@host:9092,host2:9092/topic?partitions=4&replicas=3&min-in-sync=2&sasl=scram-sha-256`, or
   * `kafkas://` with TLS. What is given beside it counts more. Default `kafka://localhost:9092/hawser`.
   */
  readonly url?: string;
  /** Some brokers of the cluster, each with or without a port; the others are found through them. */
  readonly brokers?: readonly string[];
  /** As brokers log it and count quotas by it. Default "hawser". */
  readonly clientId?: string;
  /** `true`, or the options of Node's `tls.connect`: `ca`, `cert`, `key`, `servername`, ... Certificates are verified. */
  readonly tls?: boolean | TlsOptions;
  /** As `@platformatic/kafka` takes it: `mechanism`, `username`, `password`, `token`, each a text or a function that gives it. */
  readonly sasl?: SASLOptions;
  /** For one attempt. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Silence after a request, after which the connection is given up. Default 15,000. */
  readonly requestTimeoutMs?: number;
  /** The first pause between two tries to connect; each is up to twice the one before. Default 100. */
  readonly minBackoffMs?: number;
  /** Default 2,000. */
  readonly maxBackoffMs?: number;
}

/** {@link KafkaConnectionOptions} with all that was left out. */
export interface ConnectionSettings {
  readonly brokers: readonly { readonly host: string; readonly port: number }[];
  readonly clientId: string;
  readonly tls: TlsOptions | undefined;
  readonly sasl: SASLOptions | undefined;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  /** What the address says beside the way. */
  readonly address: KafkaAddress;
}

/** @throws HawserError `option-invalid` */
export function connectionSettings(options: KafkaConnectionOptions): ConnectionSettings {
  const address = parseKafkaAddress(options.url ?? "kafka://localhost");
  const { brokers = address.brokers, tls = address.isTls } = options;
  if (tls === false && address.isTls) throw invalid("`tls` is false, and the address of Kafka has TLS");
  if (brokers.length === 0) throw invalid("`brokers` names one or more");
  return {
    brokers: brokers.map(hostAndPort),
    clientId: options.clientId ?? "hawser",
    tls: tls === false ? undefined : tls === true ? {} : tls,
    sasl: options.sasl ?? saslOf(address),
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 15_000,
    minBackoffMs: options.minBackoffMs ?? 100,
    maxBackoffMs: options.maxBackoffMs ?? 2_000,
    address,
  };
}

function saslOf({ username, password, mechanism }: KafkaAddress): SASLOptions | undefined {
  if (username === undefined) return undefined;
  return { mechanism: mechanism ?? "PLAIN", username, password: password ?? "" };
}

function invalid(message: string): HawserError {
  return new HawserError("option-invalid", message);
}
