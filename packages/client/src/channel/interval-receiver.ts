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

/** What becomes of a batch. `cost` is that of the messages in it that are not delivered, which counts as read (SUB-10). */
export type BatchOutcome =
  | { readonly kind: "dropped"; readonly cost: number; readonly duplicates: number }
  /** The first batch behind a gap: `seek` to the offset. */
  | { readonly kind: "gap"; readonly cost: number; readonly offset: number }
  | {
      readonly kind: "delivered";
      readonly cost: number;
      readonly duplicates: number;
      readonly messages: readonly Message[];
      readonly position: Position;
    };

/**
 * The receiving end of a channel: one position, and the interval rule. It decides what is new, what is old and what is
 * missing; whoever feeds it has made sure that the frames are of the current generation (SUB-3).
 */
export class IntervalReceiver {
  #position: Position | undefined;
  /** A `seek` is under way: what does not join on is dropped in silence. */
  #seeking = false;

  /** @param position - Where the application wants to go on; `undefined`: where the first grant begins. */
  constructor(position: Position | undefined) {
    this.#position = position;
  }

  /** Everything at or below it was received. `undefined` until the first grant. */
  get position(): Position | undefined {
    return this.#position;
  }

  /**
   * A grant begins.
   *
   * @returns what to tell the application, in order; `undefined` when the node's log is older than what was seen here,
   * so that the grant is of no use (SUB-5).
   */
  begin(frame: Pick<SubscribedFrame, "epoch" | "offset" | "lost" | "reset">): readonly Break[] | undefined {
    const before = this.#position;
    if (before !== undefined && frame.epoch < before.epoch) return undefined;
    this.#seeking = false;
    if (before === undefined) {
      this.#position = { epoch: frame.epoch, offset: frame.offset };
      return [];
    }
    return this.#move(before, frame);
  }

  /** The cursor stands elsewhere. Returns as `begin` does. */
  reset(frame: Pick<ResetFrame, "epoch" | "offset" | "lost" | "reset">): readonly Break[] | undefined {
    return this.begin(frame);
  }

  /** The interval rule (SUB-4). */
  batch(frame: Pick<BatchFrame, "epoch" | "from" | "to" | "messages">): BatchOutcome {
    const position = this.#position;
    if (position === undefined || frame.epoch !== position.epoch) {
      return { kind: "dropped", cost: costOf(frame.messages), duplicates: 0 };
    }
    const reception = receive(position.offset, frame);
    if (reception === "old") {
      return { kind: "dropped", cost: costOf(frame.messages), duplicates: frame.messages.length };
    }
    if (reception === "gap") {
      const cost = costOf(frame.messages);
      if (this.#seeking) return { kind: "dropped", cost, duplicates: 0 };
      this.#seeking = true;
      return { kind: "gap", cost, offset: position.offset };
    }
    this.#seeking = false;
    this.#position = { epoch: frame.epoch, offset: frame.to };
    const messages = messagesAbove(frame.messages, position.offset);
    const duplicates = frame.messages.length - messages.length;
    const cost = duplicates === 0 ? 0 : costOf(frame.messages.slice(0, duplicates));
    return { kind: "delivered", cost, duplicates, messages, position: this.#position };
  }

  #move(before: Position, frame: Pick<SubscribedFrame, "epoch" | "offset" | "lost" | "reset">): readonly Break[] {
    const breaks: Break[] = [];
    const { epoch, lost, reset } = frame;
    // Going back is told with a reason. Without one the receiver stays where it is: what comes again is dropped.
    const told = reset === "truncated" || reset === "unknown" || reset === "ahead";
    const offset = told ? frame.offset : Math.max(frame.offset, before.offset);
    this.#position = { epoch, offset };
    if (told) {
      // After `truncated` the log goes on where the epochs part, and what is lost (if anything) lies behind that.
      const start = lost === undefined ? offset : lost.from;
      breaks.push({ kind: "reset", reason: reset, from: before, position: { epoch, offset: start } });
    }
    if (lost !== undefined && lost.to > lost.from) breaks.push({ kind: "lost", epoch, interval: lost });
    // A server that leaves something out says so; if one does not, the application is told all the same.
    else if (!told && offset > before.offset) {
      breaks.push({ kind: "lost", epoch, interval: { from: before.offset, to: offset } });
    }
    return breaks;
  }
}

function costOf(messages: readonly Message[]): number {
  let cost = 0;
  for (const message of messages) cost += messageCost(message.payload);
  return cost;
}
