import type { ClientFrame, ConnectedFrame, ServerFrame, Timer, Timers } from "@hawser/protocol";
import type { Connection } from "../connection/connection.ts";
import { RequestTable } from "./request-table.ts";
import type { Request } from "./request-table.ts";

/**
 * A connected connection as the parts of a session use it: frames, requests, and generations. What the server bound on
 * it (channel numbers, generations, request identifiers) means nothing on another.
 */
export class Link {
  readonly connection: Connection;
  readonly welcome: ConnectedFrame;
  readonly #requests: RequestTable;
  #generation = 0;
  #drain: { readonly timer: Timer; readonly done: () => void } | undefined;

  constructor(connection: Connection, welcome: ConnectedFrame) {
    this.connection = connection;
    this.welcome = welcome;
    this.#requests = new RequestTable(welcome.maxRequests, (frame) => connection.send(frame));
  }

  /** @returns false when the frame is larger than the server takes. */
  send(frame: ClientFrame): boolean {
    return this.connection.send(frame);
  }

  /** Sends a request, when its turn has come. */
  request(request: Request): void {
    this.#requests.add(request);
  }

  /** Rises over all channels of the connection, so that it rises for each of them (SUB-2). */
  nextGeneration(): number {
    this.#generation += 1;
    return this.#generation;
  }

  /** @returns whether the frame was an answer, and is done with. */
  settle(frame: ServerFrame): boolean {
    const settled = this.#requests.settle(frame);
    if (settled && this.#requests.size === 0) this.#drain?.done();
    return settled;
  }

  /** The connection is gone, or was left: requests without an answer are lost. */
  end(): void {
    this.#drain?.timer.cancel();
    this.#requests.end();
  }

  /** Calls back when nothing is unanswered, or after so many milliseconds, unless `end` comes first. */
  drain(timers: Timers, withinMs: number, done: () => void): void {
    if (this.#requests.size === 0) return done();
    this.#drain = { timer: timers.after(withinMs, done), done };
  }
}
