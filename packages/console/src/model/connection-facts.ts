import type { ConnectionStatus } from "@hawser/client";
import type { ConnectionEvent } from "./connection-log.ts";

/** How many round trips the page keeps. */
export const roundTripSamples = 60;

/** What the panel shows, at one moment. */
export interface ConnectionFacts {
  readonly state: "connecting" | "connected" | "waiting" | "offline" | "closed";
  /** When the state began, in milliseconds since 1970. */
  readonly since: number;
  readonly user: string;
  readonly endpoint: string;
  readonly connections: readonly ConnectionStatus[];
  /** While `waiting`: when the next attempt is made, in milliseconds since 1970. */
  readonly until: number | undefined;
  /** Why the last connection ended, or was not made. */
  readonly problem: string;
  /** The newest round trips in milliseconds, oldest first. */
  readonly roundTrips: readonly number[];
  /** When the page comes back by itself, while it stays away. */
  readonly offlineUntil: number | undefined;
  readonly statistics: {
    readonly messagesIn: number;
    readonly messagesOut: number;
    readonly bytesIn: number;
    readonly bytesOut: number;
    readonly resumes: number;
    readonly duplicatesDropped: number;
    readonly gaps: number;
    readonly lost: number;
  };
  readonly events: readonly ConnectionEvent[];
}
