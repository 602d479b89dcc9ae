import type { Ports } from "@hawser/protocol";
import type { ReceivedData, SocketData } from "../reconnecting-websocket/socket-data.ts";
import type { Member } from "./member.ts";

/** One member carries everything, the others stand by. */
export interface FailoverPolicy {
  readonly kind: "failover";
  /**
   * When to go back to a member that comes earlier in the order: when it has stood for so many milliseconds again, or
   * `"never"`, as long as the present one holds. Default 30,000.
   */
  readonly switchBackAfterMs?: number | "never";
  /** `cold`: those in reserve have no connection. `warm`: they have, and what they send is passed over. Default `cold`. */
  readonly standby?: "cold" | "warm";
}

/** All members bring the same messages; of each, the first copy is taken. What is sent goes to all. */
export interface MirrorPolicy {
  readonly kind: "mirror";
  /** What all copies of a message have in common, and no other message has; `undefined` for what has no copies. */
  readonly key: (data: ReceivedData, member: string) => string | number | undefined;
  /** Keys that are remembered. Default 10,000. */
  readonly windowMessages?: number;
  /** For how long. Default 60,000. */
  readonly windowMs?: number;
}

/** What is sent goes to all members, and what any of them sends is taken. */
export interface AllPolicy {
  readonly kind: "all";
}

/** What is sent goes to one member, and what any of them sends is taken. */
export interface SplitPolicy {
  readonly kind: "split";
  /** Names the member. Default: the open ones in turn. */
  readonly by?: (data: SocketData, members: readonly string[]) => string;
}

/** What the members of a set are to each other: who gets what is sent, and whose messages are passed on. */
export type ConnectionSetPolicy = FailoverPolicy | MirrorPolicy | AllPolicy | SplitPolicy;

/** What a policy sees of its set. */
export interface PolicyView {
  readonly ports: Ports;
  /** In order. */
  readonly members: () => readonly Member[];
  /** The member in use is another one. `from` may have been removed. */
  readonly onSwitch: (from: string | undefined, to: string) => void;
}

/** A policy at work. */
export interface Policy {
  /** Opens the members that should be open. */
  open(): void;
  onAdd(member: Member): void;
  onRemove(member: Member): void;
  onOpen(member: Member): void;
  /** Its connection is gone; it may be making another. */
  onLost(member: Member): void;
  /** Whether the application gets this message. */
  accepts(member: Member, data: ReceivedData): boolean;
  /** Who sends it: `undefined` when it has to wait for a member to open. */
  targets(data: SocketData): readonly Member[] | undefined;
  isActive(member: Member): boolean;
  stop(): void;
}
