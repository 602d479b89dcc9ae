import type { Line, ToHost, ToTab } from "./line.ts";

/** The way from a tab to whoever holds the connections. */
export interface Route {
  /** The line of a new stream, on which the host says `here`; `undefined` when this browser has no such way. */
  newLine(): Line<ToHost, ToTab> | undefined;
  /** No host has answered in time. Whether it is worth waiting on. */
  onUnanswered(): boolean;
  close(): void;
}
