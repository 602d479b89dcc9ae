import { refuseOption } from "../option-invalid.ts";
import type { Position } from "@hawser/protocol";

/**
 * A position that an application stores, as JSON if it likes, to go on from there later: in another page load, or in
 * another process.
 */
export interface StoredPosition extends Position {
  /** Proof of where the user's right to read began (SUB-11), base64; there only when the server gave one. */
  readonly grant?: string;
}

/** Where a subscription starts: with what comes from now on, with the oldest message, with the newest N, or behind a position. */
export type SubscribeFrom = "now" | "earliest" | { readonly last: number } | StoredPosition;

/** The same, checked. */
export interface Start {
  readonly position: Position | undefined;
  readonly last: number;
  readonly grant: Uint8Array;
  /** What is below the floor was not asked for by number, so its loss is not told. */
  readonly quiet: boolean;
}

const none = new Uint8Array(0);
const maxLast = 2 ** 32 - 1;

/** @throws HawserError `option-invalid` */
export function startOf(from: SubscribeFrom = "now"): Start {
  const start = { position: undefined, last: 0, grant: none, quiet: true };
  if (from === "now") return start;
  if (from === "earliest") return { ...start, position: { epoch: 0, offset: 0 } };
  const { last, epoch, offset, grant } = (from ?? {}) as Partial<StoredPosition & { last: number }>;
  if (isWhole(last) && last <= maxLast) return { ...start, last };
  if (isWhole(epoch) && isWhole(offset))
    return {
      ...start,
      position: { epoch, offset },
      grant: grant === undefined ? none : decodeGrant(grant),
      quiet: false,
    };
  refuseOption("from", '"now", "earliest", { last: N }, or what `subscription.position` gave');
}

/** A position and the grant that goes with it, as the application may store them. */
export function storedPosition(position: Position, grant: Uint8Array): StoredPosition {
  return grant.length === 0 ? position : { ...position, grant: btoa(String.fromCharCode(...grant)) };
}

/** Whether the numbers can be a position. */
export function isPosition(position: Position): boolean {
  return isWhole(position.epoch) && isWhole(position.offset);
}

function isWhole(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && value! >= 0;
}

function decodeGrant(grant: string): Uint8Array {
  try {
    return Uint8Array.from(atob(grant), (character) => character.charCodeAt(0));
  } catch {
    return refuseOption("grant", "base64");
  }
}
