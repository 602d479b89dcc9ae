import { messageCost, messagesAbove, receive } from "@hawser/protocol";
import type {
  BatchFrame,
  Interval,
  Message,
  Position,
  ResetFrame,
  ResetReason,
  SubscribedFrame,
} from "@hawser/protocol";

/** What the application is told of a place in the stream where it does not simply go on. */
export type Break =
  /** Messages that were in the channel are gone, and were not received. */
  | { readonly kind: "lost"; readonly epoch: number; readonly interval: Interval }
  /** The log is not the one that it was. What follows starts at `position`. */
  | {
      readonly kind: "reset";
      readonly reason: Exclude<ResetReason, "" | "trimmed">;
      readonly from: Position;
      readonly position: Position;
    };

/** What becomes of a batch. `cost` is that of all messages in it. */
export type BatchOutcome =
  | { readonly kind: "dropped"; readonly cost: number; readonly duplicates: number }
  /** It lies behind a gap: `seek` to the offset. */
  | { readonly kind: "gap"; readonly cost: number; readonly offset: number }
  | {
      readonly kind: "delivered";
      readonly cost: number;
      readonly duplicates: number;
      readonly messages: readonly Message[];
      readonly position: Position;
    };

/** The feed that a frame came by. */
export interface FeedStanding {
  /** No other feed may still bring what this one has not. */
  readonly alone: boolean;
  /** In which the feed stood before the frame: that of the position it asked from. `undefined`: from none. */
  readonly epoch: number | undefined;
}

/**
 * The receiving end of a channel: one position, and the interval rule. It decides what is new, what is old and what is
 * missing, from one feed or several; whoever feeds it has made sure that the frames are of a current generation (SUB-3).
 */
export class IntervalReceiver {
  #position: Position | undefined;

  /** @param position - Where the application wants to go on; `undefined`: where the first grant begins. */
  constructor(position: Position | undefined) {
    this.#position = position;
  }

  /** Everything at or below it was received. `undefined` until the first grant. */
  get position(): Position | undefined {
    return this.#position;
  }

  /**
   * A grant begins, or its cursor was set elsewhere (`reset`).
   *
   * @returns what to tell the application, in order; `undefined` when this feed is of no use as it stands: its node has
   * less than was seen here or than another feed may bring (SUB-5), or its grant begins where the receiver no longer is.
   */
  begin(
    frame: Pick<SubscribedFrame | ResetFrame, "epoch" | "offset" | "lost" | "reset">,
    feed: FeedStanding,
  ): readonly Break[] | undefined {
    const before = this.#position;
    if (before === undefined) {
      this.#position = { epoch: frame.epoch, offset: frame.offset };
      return [];
    }
    return frame.epoch < before.epoch ? undefined : this.#move(before, frame, feed);
  }

  /** The interval rule (SUB-4). */
  batch(frame: Pick<BatchFrame, "epoch" | "from" | "to" | "messages">): BatchOutcome {
    const position = this.#position;
    const cost = costOf(frame.messages);
    if (position === undefined || frame.epoch !== position.epoch) return { kind: "dropped", cost, duplicates: 0 };
    const reception = receive(position.offset, frame);
    if (reception === "old") return { kind: "dropped", cost, duplicates: frame.messages.length };
    if (reception === "gap") return { kind: "gap", cost, offset: position.offset };
    this.#position = { epoch: frame.epoch, offset: frame.to };
    const messages = messagesAbove(frame.messages, position.offset);
    const duplicates = frame.messages.length - messages.length;
    return { kind: "delivered", cost, duplicates, messages, position: this.#position };
  }

  #move(
    before: Position,
    { epoch, offset, lost, reset }: Pick<SubscribedFrame, "epoch" | "offset" | "lost" | "reset">,
    feed: FeedStanding,
  ): readonly Break[] | undefined {
    const raised = epoch > before.epoch;
    // What became of an epoch that the receiver is not in any more says nothing of the one that it is in.
    if (raised && feed.epoch !== before.epoch) return undefined;
    // Where the feed stood in the log as it is now, before anything was found missing there.
    const stood = lost?.from ?? offset;
    if (isBack(reset) && (raised || reset === "ahead") && (reset !== "truncated" || before.offset > stood)) {
      // Within an epoch a log does not end lower than it did: a node that says so is late, unless there is no other.
      if (!raised && !feed.alone) return undefined;
      this.#position = { epoch, offset };
      const told: Break = { kind: "reset", reason: reset, from: before, position: { epoch, offset: stood } };
      return isEmpty(lost) ? [told] : [told, { kind: "lost", epoch, interval: lost }];
    }
    // The log's lineage was looked up for where the feed stood. What another feed has brought since may not be in it.
    if (raised && !isBack(reset) && before.offset > stood) return undefined;
    // Going back is told with a reason. Without one the receiver stays where it is: what comes again is dropped, and
    // what was left out is asked for (SUB-4).
    if (lost === undefined || lost.to <= before.offset) {
      this.#position = { epoch, offset: before.offset };
      return [];
    }
    if (!feed.alone) return undefined;
    this.#position = { epoch, offset: lost.to };
    return [{ kind: "lost", epoch, interval: { from: before.offset, to: lost.to } }];
  }
}

function isBack(reset: ResetReason): reset is "truncated" | "unknown" | "ahead" {
  return reset === "truncated" || reset === "unknown" || reset === "ahead";
}

function isEmpty(lost: Interval | undefined): lost is undefined {
  return lost === undefined || lost.to <= lost.from;
}

function costOf(messages: readonly Message[]): number {
  let cost = 0;
  for (const message of messages) cost += messageCost(message.payload);
  return cost;
}
