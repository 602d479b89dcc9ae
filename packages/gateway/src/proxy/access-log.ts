import type { SocketRecord } from "../home/socket-record.ts";
import type { ProxyErrorCode } from "./answer.ts";

/** How a connection of a plain client ended. */
export type PlainEnd =
  /** The handshake was refused, by the proxy or the target. */
  | "refused"
  /** The client went away before the handshake was done. */
  | "abandoned"
  /** The client closed or was lost. */
  | "client"
  /** The target closed. */
  | "upstream"
  /** The target was lost: its socket ended without a close frame. */
  | "upstream-lost"
  /** The target died, was ejected, or its drain passed its deadline. */
  | "target-down"
  /** Nothing passed for the idle timeout. */
  | "idle"
  /** The gateway drains. */
  | "drain"
  /** The right to the connection is gone. */
  | "right-gone";

/** What is known of one connection of a plain client when it has ended. Of the URL only the path: people put tokens in queries. */
export interface AccessRecord {
  /** When its handshake came, in milliseconds since 1970. */
  readonly at: number;
  readonly address: string;
  readonly host: string;
  readonly path: string;
  /** The name of the route; `undefined`: none fits. */
  readonly route: string | undefined;
  readonly pool: string | undefined;
  /** The target, by its name in the pool. */
  readonly target: string | undefined;
  readonly user: string | undefined;
  /** The subprotocol that the target chose; "": none. */
  readonly subprotocol: string;
  /** Of the answer to the handshake; 0: there was none. */
  readonly status: number;
  /** Of a refusal of the proxy's own. */
  readonly code: ProxyErrorCode | undefined;
  readonly end: PlainEnd;
  /** From the request to the end. */
  readonly durationMs: number;
  /** From the request to its answer. */
  readonly handshakeMs: number;
  readonly fromClient: WayCounts;
  readonly fromUpstream: WayCounts;
}

/** What passed in one direction behind the handshake. */
export interface WayCounts {
  readonly bytes: number;
  /** Whole messages. */
  readonly messages: number;
  /** Of the close frame that came this way; 1005: it had none; `undefined`: no close frame. */
  readonly closeCode: number | undefined;
}

/** Takes one record for each connection of a plain client, when it has ended. */
export interface AccessLog {
  record(record: AccessRecord): void;
  /** The same for each virtual socket whose home is here. Default: nobody takes them. */
  socket?(record: SocketRecord): void;
}
