import type { HawserError } from "@hawser/protocol";
import type { SocketStatus } from "../reconnecting-websocket/status.ts";

/** A member of a set, as it is now. Its figures are those of its whole life in the set. */
export interface MemberStatus {
  readonly id: string;
  /** `idle`: not opened yet, in reserve, or closed. */
  readonly state: "idle" | SocketStatus["state"];
  /** Of the state, in milliseconds since 1970. */
  readonly since: number;
  /** With `failover`, whether it is the one in use; with any other policy, whether it is open. */
  readonly active: boolean;
  /** Where the present connection, or attempt, leads; "" while idle. */
  readonly url: string;
  /** The subprotocol that its server chose; "" before. */
  readonly protocol: string;
  /** Of the last answer to the member's heartbeat; `undefined` without one. */
  readonly roundTripMs: number | undefined;
  readonly messagesIn: number;
  readonly messagesOut: number;
  /** Bytes of the messages, without frames. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Connections that opened, after the first. */
  readonly reconnects: number;
  /** Messages that its queue dropped for newer ones, or that were in it when it was closed. */
  readonly dropped: number;
  readonly queuedMessages: number;
  /** With `mirror`: messages whose first copy it brought. */
  readonly won: number;
  /** With `mirror`: copies that it brought behind another member. */
  readonly duplicates: number;
  /** Why its last connection was lost, or not made. */
  readonly lastError: HawserError | undefined;
}

/** A set, as it is now. */
export interface ConnectionSetStatus {
  /** `open`: at least one member is; with `failover`, the one in use. `idle`: no member has been opened. */
  readonly state: "idle" | "connecting" | "open" | "closing" | "closed";
  /** Of the state, in milliseconds since 1970. */
  readonly since: number;
  /** With `failover`: the member in use, or the one that is tried. */
  readonly active: string | undefined;
  /** In the order in which they were added, which is that of `failover`. */
  readonly members: readonly MemberStatus[];
  /** Messages that wait for any member to open. */
  readonly queuedMessages: number;
  /** Messages that the set's own queue dropped for newer ones, or that were in it at the end. */
  readonly dropped: number;
}

/** What became of a message at one member. */
export interface SendOutcome {
  /** `undefined`: it waits in the set's own queue for whichever member opens. */
  readonly member: string | undefined;
  readonly state: "sent" | "queued" | "refused";
  /** Why it was refused. */
  readonly error: HawserError | undefined;
}

/** How a member ended. */
export interface MemberClosure {
  readonly member: string;
  /** The close code; 1006 when there was no closing handshake, or none in time; `undefined` when it was not open. */
  readonly code: number | undefined;
  readonly reason: string;
  readonly wasClean: boolean;
}
