import { abnormalClosure } from "@hawser/protocol";
import type { SocketRecord } from "./socket-record.ts";

/** How a virtual socket began. */
export type Begun = Pick<SocketRecord, "at" | "pool" | "path" | "user" | "session" | "address" | "subprotocol"> & {
  /** By the clock that does not go back. */
  readonly since: number;
};

/** What is counted of one virtual socket in its life, for the record of it. */
export class SocketAccount {
  readonly fromClient = { bytes: 0, messages: 0 };
  readonly fromUpstream = { bytes: 0, messages: 0 };
  moves = 0;
  /** That the record will say. */
  code: number = abnormalClosure;
  readonly #begun: Begun;

  constructor(begun: Begun) {
    this.#begun = begun;
  }

  /** The record, at a time by the clock that does not go back. */
  recordAt(now: number): SocketRecord {
    const { since, ...begun } = this.#begun;
    return {
      ...begun,
      code: this.code,
      moves: this.moves,
      durationMs: now - since,
      fromClient: { ...this.fromClient },
      fromUpstream: { ...this.fromUpstream },
    };
  }
}
