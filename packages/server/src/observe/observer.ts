import type { MoveEvent } from "../drain/drain.ts";

/** What a node's core reports as it works; the metrics of the server are made of it. Every method returns at once. */
export interface NodeObserver {
  connectionOpened(): void;
  /** A connection ended; `connected` says whether it had got past authentication. */
  connectionClosed(code: number, connected: boolean): void;
  connected(): void;
  received(frames: number, bytes: number): void;
  sent(bytes: number): void;
  subscribed(): void;
  unsubscribed(): void;
  /** Outcome: accepted, duplicate, or an error code. */
  published(outcome: string): void;
  appended(count: number, elapsedMs: number): void;
  /** A batch was written for a subscriber; `shared` when its bytes had been made before. */
  delivered(messages: number, shared: boolean): void;
  /** A block was compressed, for all who share it, from so many bytes to so many; the same: nothing was gained. */
  deflated(messageBytes: number, deflatedBytes: number): void;
  catchUpRead(entries: number): void;
  reset(reason: string): void;
  called(outcome: string, elapsedMs: number): void;
  /** Channels that are followed, and the cost of their tails. */
  tails(channels: number, cost: number): void;
  /** Members that this node answers for, and watches of who is in a channel; told with each sweep. */
  presence(members: number, watches: number): void;
  /** Bytes that were sent to all connections together and not confirmed; told with each sweep. */
  unconfirmed(bytes: number): void;
  /** A drain has begun. */
  draining(): void;
  /** What became of a connection in a drain. */
  move(event: MoveEvent): void;
  /** What became of a connection that other nodes should have. */
  rebalanced(event: MoveEvent): void;
  /** Nodes of the cluster that live, this one among them. */
  clusterNodes(count: number): void;
}

/** Reports nothing. */
export const silentObserver: NodeObserver = {
  connectionOpened: () => {},
  connectionClosed: () => {},
  connected: () => {},
  received: () => {},
  sent: () => {},
  subscribed: () => {},
  unsubscribed: () => {},
  published: () => {},
  appended: () => {},
  delivered: () => {},
  deflated: () => {},
  catchUpRead: () => {},
  reset: () => {},
  called: () => {},
  tails: () => {},
  presence: () => {},
  unconfirmed: () => {},
  draining: () => {},
  move: () => {},
  rebalanced: () => {},
  clusterNodes: () => {},
};
