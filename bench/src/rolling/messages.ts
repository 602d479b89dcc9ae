import type { Faults } from "./order-check.ts";

/** What one watcher has seen since it knew everybody. */
export interface Presence {
  readonly joined: number;
  readonly left: number;
  /** Those who are there at the end. */
  readonly members: number;
}

/** What the benchmark asks a process that holds sessions. */
export type SessionsCommand =
  | {
      readonly type: "open";
      readonly urls: readonly [string, string];
      /** Sessions of all processes are numbered; this one has those from `first` on. */
      readonly first: number;
      readonly count: number;
      /** Session `n` is in room `n % rooms`: it reads the room, and publishes to it. */
      readonly rooms: number;
      readonly publishesPerSecond: number;
    }
  /** Every session is there: those who watch count from now on who comes and goes. */
  | { readonly type: "go" }
  /** Pauses are measured from now on. */
  | { readonly type: "lap" }
  | { readonly type: "stop" }
  /** How many messages each session published, by its number. */
  | { readonly type: "finish"; readonly published: readonly number[] };

export type SessionsReply =
  | { readonly type: "opened" | "going" }
  /** The longest time between two messages of each session since the lap before. */
  | { readonly type: "lap"; readonly pausesMs: readonly number[] }
  /** Each publish has its outcome. */
  | {
      readonly type: "stopped";
      readonly published: readonly number[];
      readonly failed: number;
      readonly presence: readonly Presence[];
    }
  | {
      readonly type: "finished";
      readonly faults: Faults;
      readonly delivered: number;
      /** Subscriptions that were told that something is lost, or that the log is another one. */
      readonly told: number;
      /** Connections that were made beyond the first of each session. */
      readonly moves: number;
    };
