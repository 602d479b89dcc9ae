import type { HawserError } from "@hawser/protocol";
import type { Connection } from "./connection/connection.ts";
import type { OutboxStatus } from "./outbox/status.ts";
import type { LinkHealth } from "./session/link-health.ts";
import type { Links } from "./session/links.ts";
import type { Session } from "./session/session.ts";

/** One physical connection, as it is now. */
export interface ConnectionStatus {
  /** Counts up from 1 within a client. */
  readonly id: number;
  readonly endpoint: string;
  /** The node's name; "" before it is connected. */
  readonly node: string;
  /** What it was opened for; "": anything. */
  readonly lane: string;
  /** Whether streams are well placed on it; `undefined` when it is not connected. */
  readonly health: LinkHealth | undefined;
  /** Subscriptions that it carries. */
  readonly streams: number;
  /** The kind of its transport: "websocket", "http-stream", "http-events", "http-polling", or what a connector names. */
  readonly transport: string;
  /** `opening`: the transport comes up. `connecting`: the server has not answered yet. */
  readonly state: "opening" | "connecting" | "connected" | "closed";
  /** Of the state, in milliseconds since 1970. */
  readonly since: number;
  /** Of the last ping; `undefined` before its answer. */
  readonly roundTripMs: number | undefined;
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly lastError: HawserError | undefined;
}

/** A client, as it is now. */
export interface ClientStatus {
  /** `waiting`: to connect again. `offline`: by `goOffline`. `closed`: for good. */
  readonly state: "connecting" | "connected" | "waiting" | "offline" | "closed";
  /** Of the state, in milliseconds since 1970. */
  readonly since: number;
  /** While `waiting`: when the next attempt is made, in milliseconds since 1970. */
  readonly until: number | undefined;
  /** Whom the server took this client for; "" before the first connection, and for somebody without a name. */
  readonly user: string;
  readonly session: string;
  /** The one that ended last is among them until there is another. */
  readonly connections: readonly ConnectionStatus[];
  /** Why the last connection ended, or was not made. */
  readonly lastError: HawserError | undefined;
  /** Publishes without an outcome. */
  readonly outbox: OutboxStatus;
}

/** A picture of the session. */
export function statusOf(session: Session, links: Links, outbox: OutboxStatus): ClientStatus {
  const { state, since, user, id, lastError } = session;
  return {
    state: state.kind,
    since,
    until: state.kind === "waiting" ? state.until : undefined,
    user,
    session: id,
    connections: session.connections.map((connection) => connectionStatusOf(connection, links)),
    lastError,
    outbox,
  };
}

function connectionStatusOf(connection: Connection, links: Links): ConnectionStatus {
  const { id, endpoint, transport, lane, state, since, roundTripMs, counters, lastError } = connection;
  const link = [...links].find((one) => one.connection === connection);
  const { health, streams = 0 } = link ?? {};
  const node = link?.welcome.node ?? "";
  return { id, endpoint, transport, node, lane, health, streams, state, since, roundTripMs, ...counters, lastError };
}
