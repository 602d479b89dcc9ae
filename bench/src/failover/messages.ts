import type { Faults } from "../rolling/order-check.ts";

/** The process of the paths. A group is what one contender uses. */
export type PathsCommand =
  | { readonly type: "lay"; readonly group: string; readonly targets: readonly number[]; readonly oneWayMs: number }
  /** Resets the oldest connection of each of these groups. */
  | { readonly type: "reset"; readonly groups: readonly string[] };

export type PathsReply =
  | { readonly type: "laid"; readonly ports: readonly number[] }
  /** How many connections were reset. */
  | { readonly type: "reset"; readonly connections: number };

/** A process that serves, and one of those publishes. */
export type StreamCommand =
  | { readonly type: "listen"; readonly socket: string; readonly owner: boolean }
  | { readonly type: "go"; readonly messagesPerSecond: number }
  | { readonly type: "stop" };

export type StreamReply =
  | { readonly type: "listening"; readonly port: number }
  | { readonly type: "going" }
  | { readonly type: "stopped"; readonly published: number };

/** The process of the receivers. */
export type ReceiversCommand =
  | { readonly type: "open"; readonly receivers: readonly ReceiverPlan[] }
  /** Pauses are measured from now on. */
  | { readonly type: "lap" }
  /** How many messages each receiver must have, by its name: waits for them, but not for long. */
  | { readonly type: "finish"; readonly published: Readonly<Record<string, number>> };

export interface ReceiverPlan {
  readonly name: string;
  readonly ports: readonly number[];
  /** How it gets its messages. */
  readonly by: "mirrored" | "any" | "socket.io";
}

export type ReceiversReply =
  | { readonly type: "opened" }
  /** The longest time between two messages since the lap before, by receiver. */
  | {
      readonly type: "lap";
      readonly pausesMs: Readonly<Record<string, number>>;
      /** For how long the process itself did nothing at most: no receiver could have seen less. */
      readonly stillMs: number;
    }
  | { readonly type: "finished"; readonly results: Readonly<Record<string, ReceiverResult>> };

export interface ReceiverResult {
  readonly received: number;
  readonly faults: Faults;
  /** Connections that were made. */
  readonly connects: number;
  /** It was told that messages are gone, or its session could not be recovered. */
  readonly told: number;
}
