import type { NatsBinding } from "./bindings/bindings.ts";
import type { Authenticator, TlsOptions } from "@nats-io/transport-node";

/** What says that the servers write to the disk before they acknowledge, `sync_interval: always` in their configuration. */
export type FlushProof =
  /** The operator says so; nobody checks. */
  | "declared"
  /** The base URLs of the servers' monitoring (`http_port`): each of them is asked when the log opens. */
  | { readonly monitoring: readonly string[] };

/** Options of NATS: where it is, who we are, and the streams. Times in milliseconds. */
export interface NatsOptions {
  /** `host:port`, one or several of a cluster. Default `127.0.0.1:4222`. */
  readonly servers?: string | readonly string[];
  /** Name of the log: its streams are `NAME_0`, `NAME_1`, ... Letters, digits, `-` and `_`. Default `hawser`. */
  readonly stream?: string;
  /** Streams, over which channels are spread. It does not change later. Default: as many as there are, or 1. */
  readonly partitions?: number;
  /** Copies of each stream, 1 to 5: fewer than that are refused. Default 1. */
  readonly replicas?: number;
  /** Where the server keeps the streams. Default `file`. */
  readonly storage?: "file" | "memory";
  /** What allows channels with the durability `flush`; without, the log promises `commit` at most. */
  readonly flush?: FlushProof;
  /** Age after which the server drops records. At least what the channels retain. Default 7 days; for streams that it makes. */
  readonly maxAgeMs?: number;
  /** Bytes of one stream on the disk. Default: the server's own limit. For streams that it makes. */
  readonly maxBytes?: number;
  /** Records of one stream. Default: no limit. For streams that it makes. */
  readonly maxMessages?: number;
  /** Past those limits the oldest go (`old`), or appends fail (`new`). Default `old`. For streams that it makes. */
  readonly discard?: "old" | "new";
  /** The largest payload of a record. The server's `max_payload` has to be 48 KiB above it. Default 998,400. */
  readonly maxPayloadBytes?: number;
  /** After which a request is given up. Default 5,000. */
  readonly requestTimeoutMs?: number;
  /** After which connecting is given up when the log opens. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /**
   * How often streams, and the servers' monitoring, are looked at again: publishes fail with `log-unavailable` while they keep less than the
   * log promises. Default 10,000.
   */
  readonly settingsIntervalMs?: number;
  /** The longest pause between two attempts to connect again; it is drawn at random below a bound that doubles. Default 2,000. */
  readonly maxReconnectMs?: number;
  /** Records that wait here to be read, of each partition. Default 1,024. */
  readonly maxBuffered?: number;
  /** Their bytes. Default 8 MiB. */
  readonly maxBufferedBytes?: number;
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  /** The file with a JWT and its seed, as `nsc` writes it. */
  readonly credentialsFile?: string;
  /** Any other way to authenticate, of `@nats-io/transport-node`. */
  readonly authenticator?: Authenticator;
  /** TLS; `{}` demands it with the system's authorities. */
  readonly tls?: TlsOptions;
  /** Streams that other programs write, as channels. The first whose pattern names a channel has it. */
  readonly bindings?: readonly NatsBinding[];
  /** Channels of one binding that are followed at a time; past it `overloaded`. Default 10,000. */
  readonly maxBoundFollowed?: number;
  /** Appends to the channels of one binding that wait for their outcome at most; past it they fail. Default 10,000. */
  readonly maxBoundWaiting?: number;
  /** Messages of a channel that a node looks back at for what was published before it wrote there. Default 10,000. */
  readonly maxBoundLook?: number;
  /** The name of this client in the server's monitoring. Default `hawser`. */
  readonly name?: string;
}

/** {@link NatsOptions} with defaults; what has none stays as it was given. */
export type NatsSettings = NatsOptions &
  Required<
    Pick<
      NatsOptions,
      | "stream"
      | "replicas"
      | "storage"
      | "discard"
      | "maxAgeMs"
      | "maxPayloadBytes"
      | "requestTimeoutMs"
      | "connectTimeoutMs"
      | "settingsIntervalMs"
      | "maxReconnectMs"
      | "maxBuffered"
      | "maxBufferedBytes"
      | "maxBoundFollowed"
      | "maxBoundWaiting"
      | "maxBoundLook"
      | "name"
    >
  >;
