import type { Payload } from "../message.ts";

/** Takes this client up among the members of a channel, or gives its member another state (spec section 16). */
export interface EnterFrame {
  readonly type: "enter";
  readonly id: number;
  readonly channel: string;
  /** 1 to 64 characters that the client drew at random, the same on all its connections; "" asks the server to draw. */
  readonly member: string;
  /** Rises whenever the client enters over another connection, or again after it left. */
  readonly generation: number;
  /** The member's state: JSON. */
  readonly payload: Payload;
}

/** The channel has the member, with that state (PRES-3). */
export interface EnteredFrame {
  readonly type: "entered";
  readonly id: number;
  readonly member: string;
}

/** The member goes, at once (PRES-6). */
export interface LeaveFrame {
  readonly type: "leave";
  readonly channel: string;
  readonly generation: number;
}

/** Asks to be told who is in a channel, or how many (PRES-9). */
export interface WatchFrame {
  readonly type: "watch";
  readonly id: number;
  readonly channel: string;
  readonly countOnly: boolean;
}

/** The watch begins: what comes under its number is told from nothing on (PRES-9). */
export interface WatchedFrame {
  readonly type: "watched";
  readonly id: number;
  readonly number: number;
}

/** The client wants to be told no more (PRES-13). */
export interface UnwatchFrame {
  readonly type: "unwatch";
  readonly channel: string;
}

/** A member is there, with this state (PRES-10). */
export interface PresentFrame {
  readonly type: "present";
  readonly number: number;
  readonly user: string;
  readonly member: string;
  readonly payload: Payload;
}

/** A member is there no more (PRES-10). */
export interface AbsentFrame {
  readonly type: "absent";
  readonly number: number;
  readonly user: string;
  readonly member: string;
}

/** How many members there are, when all of them were told (PRES-11). */
export interface CensusFrame {
  readonly type: "census";
  readonly number: number;
  readonly count: number;
  /** Not the end but the beginning: all members are told anew from here on (PRES-12). */
  readonly anew: boolean;
}

/** A right has gone, and what rested on it has ended (PRES-14). */
export interface RevokedFrame {
  readonly type: "revoked";
  readonly channel: string;
  /** `enter`: the member left; `presence`: the watch ended. */
  readonly verb: string;
  readonly message: string;
}
