import type { Message, Position } from "../message.ts";

/** Asks for a page of a channel's history (spec section 6). */
export interface HistoryFrame {
  readonly type: "history";
  readonly id: number;
  readonly channel: string;
  /** Forward: messages after it. Backward: messages at or below it. `undefined`: from the floor, or from the end. */
  readonly position: Position | undefined;
  readonly backward: boolean;
  /** 0: the server's default. */
  readonly limit: number;
}

/** A page of a channel's history (spec section 6). */
export interface PageFrame {
  readonly type: "page";
  readonly id: number;
  readonly epoch: number;
  readonly floor: number;
  /** The page covers `(from, to]`; its messages rise, in either direction. */
  readonly from: number;
  readonly to: number;
  readonly messages: readonly Message[];
  /** There is more in the direction that was asked for. */
  readonly more: boolean;
}
