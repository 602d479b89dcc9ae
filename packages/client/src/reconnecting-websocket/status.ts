import type { HawserError } from "@hawser/protocol";

/** A `ReconnectingWebSocket`, as it is now. */
export interface SocketStatus {
  /** `waiting`: to connect again. `closed`: for good. */
  readonly state: "connecting" | "open" | "waiting" | "closing" | "closed";
  /** Of the state, in milliseconds since 1970. */
  readonly since: number;
  /** While `waiting`: when the next attempt is made, in milliseconds since 1970. */
  readonly until: number | undefined;
  /** Where the present connection, or attempt, leads, or the last one did; "" before a function has given an address. */
  readonly url: string;
  /** Of the last answer to a heartbeat; `undefined` without one. */
  readonly roundTripMs: number | undefined;
  /** What the application got and gave, without the heartbeat's own: messages, and their bytes. */
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Connections that opened. */
  readonly connects: number;
  /** Messages that the queue dropped for newer ones, or that were in it at the end. */
  readonly dropped: number;
  /** What waits for a connection. */
  readonly queuedMessages: number;
  readonly queuedBytes: number;
  /** Why the last connection was lost, or not made. */
  readonly lastError: HawserError | undefined;
}

/** What is counted over the life of a `ReconnectingWebSocket`, over all its connections. */
export interface SocketCounters {
  messagesIn: number;
  messagesOut: number;
  bytesIn: number;
  bytesOut: number;
  connects: number;
  dropped: number;
}
