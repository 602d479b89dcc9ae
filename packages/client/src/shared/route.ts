import type { Line, ToHost, ToTab } from "./line.ts";

/** The way from a tab to whoever holds the connections. */
export interface Route {
  /** The line of a new stream. Its host says `here` when it is there. */
  newLine(): Line<ToHost, ToTab>;
  /** No host has answered in time. Whether it is worth waiting on. */
  onUnanswered(): boolean;
  close(): void;
}
