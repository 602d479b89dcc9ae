import { faultKinds, socketFaultKinds } from "../faults/fault-kinds.ts";
import type { FaultKind } from "../faults/fault-kinds.ts";

/** What applications do by themselves. */
export const workKinds = [
  "publish",
  "churn",
  "save",
  "send to inbox",
  "read history",
  "pry",
  "call",
  "subscribe",
  "open a socket",
  "say on a socket",
  "stop reading a socket",
  "close a socket",
] as const;

export type WorkKind = (typeof workKinds)[number];
export type ActionKind = "client starts" | WorkKind | FaultKind;

/** One thing that is done to the world, by itself: to leave it out changes no draw of another. */
export interface Action {
  /** From 1 on, in the order of time: how `--without` names it. */
  readonly number: number;
  readonly atMs: number;
  readonly kind: ActionKind;
}

const faults: ReadonlySet<string> = new Set([...faultKinds, ...socketFaultKinds]);

export function isFault(kind: ActionKind): kind is FaultKind {
  return faults.has(kind);
}
