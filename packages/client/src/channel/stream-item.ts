import type { HawserError, Interval, Message, Position } from "@hawser/protocol";
import type { Break } from "./interval-receiver.ts";

/** A subscription is granted: first, or anew on another connection. */
export interface SubscribedEvent {
  /** Where the stream stands; what was lost behind it is told next. */
  readonly position: Position;
  /** It goes on from where it was. */
  readonly resumed: boolean;
}

/** Messages of the interval are gone from the log, and were not delivered. */
export interface LostEvent {
  readonly epoch: number;
  readonly interval: Interval;
}

/** The log is not the one that it was: see "Where a subscription starts" in the protocol's specification. */
export interface ResetEvent {
  readonly reason: "truncated" | "unknown" | "ahead";
  /** Where the receiver stood. */
  readonly from: Position;
  /** Where it goes on. */
  readonly position: Position;
}

/** What a subscription's application gets, in the order of the stream. */
export type StreamItem =
  | {
      readonly kind: "message";
      readonly message: Message;
      /** Its JSON, where it is decoded already. */
      readonly text: string | undefined;
      readonly epoch: number;
      readonly cost: number;
    }
  /** Nothing more is below this position. */
  | { readonly kind: "advance"; readonly position: Position }
  | ({ readonly kind: "subscribed" } & SubscribedEvent)
  | Break
  | { readonly kind: "ended"; readonly error: HawserError | undefined };

/**
 * Puts an item behind the others. What says nothing beyond the item before it takes its place, so that a subscription
 * that nobody reads does not grow with every reconnect and every trim.
 */
export function append(items: StreamItem[], item: StreamItem): void {
  let last = items.at(-1);
  // `subscribed` says itself where the stream stands.
  if (last?.kind === "advance" && (item.kind === "advance" || item.kind === "subscribed")) {
    items.pop();
    last = items.at(-1);
  }
  if (last?.kind === "subscribed" && item.kind === "subscribed") {
    items[items.length - 1] = { ...item, resumed: last.resumed && item.resumed };
  } else if (
    last?.kind === "lost" &&
    item.kind === "lost" &&
    last.epoch === item.epoch &&
    last.interval.to === item.interval.from
  ) {
    items[items.length - 1] = { ...item, interval: { from: last.interval.from, to: item.interval.to } };
  } else {
    items.push(item);
  }
}
