import type { ClientFrame, ConnectedFrame, ServerFrame, Timer, Timers } from "@hawser/protocol";
import type { Connection } from "../connection/connection.ts";
import type { LinkHealth } from "./link-health.ts";
import { RequestTable } from "./request-table.ts";
import type { Request, Sending } from "./request-table.ts";

/** Channels of one connection whose generation is known by name; a bound of memory, nothing else. */
const maxChannels = 4_096;

/**
 * A connected connection as the parts of a session use it: frames, requests, and generations. What the server bound on
 * it (channel numbers, generations, request identifiers) means nothing on another.
 */
export class Link {
  readonly connection: Connection;
  readonly welcome: ConnectedFrame;
  /** Whether streams are well placed here. */
  health: LinkHealth = "good";
  readonly #requests: RequestTable;
  readonly #generations = new Map<string, number>();
  /** The highest generation of the channels that were forgotten. */
  #forgotten = 0;
  #streams = 0;
  #waiting: { readonly timer: Timer; readonly done: () => void } | undefined;

  constructor(connection: Connection, welcome: ConnectedFrame) {
    this.connection = connection;
    this.welcome = welcome;
    const { writer } = connection;
    this.#requests = new RequestTable(welcome.maxRequests, {
      get hasRoom() {
        return writer.hasRoom;
      },
      wake: () => writer.wake(),
      send: (frame) => connection.send(frame),
    });
    writer.fill = () => this.#requests.fill();
  }

  /** Sends a frame that answers nothing and waits for nothing, with those of the same turn. */
  send(frame: ClientFrame): void {
    this.connection.send(frame);
  }

  /** What its connection is for; "": anything. */
  get lane(): string {
    return this.connection.lane;
  }

  /** How many streams are placed on it: its load, as the client knows it. */
  get streams(): number {
    return this.#streams;
  }

  /** A stream is placed on it. */
  hold(): void {
    this.#streams += 1;
  }

  /** A stream is no longer on it. */
  release(): void {
    this.#streams -= 1;
    this.#tellIdle();
  }

  /** Sends a request when its turn has come: when this turn of the event loop ends, or later. */
  request(request: Request): void {
    this.#requests.add(request);
  }

  /** Sends a frame that has no answer when its turn has come. */
  sendInTurn(sending: Sending): void {
    this.#requests.addSending(sending);
  }

  /**
   * Rises for each channel (SUB-2), and for each from 1 on as far as it can be: a server encodes a batch once for all
   * who have one generation.
   */
  nextGeneration(channel: string): number {
    const generation = (this.#generations.get(channel) ?? this.#forgotten) + 1;
    if (this.#generations.size >= maxChannels) {
      for (const one of this.#generations.values()) this.#forgotten = Math.max(this.#forgotten, one);
      this.#generations.clear();
    }
    this.#generations.set(channel, generation);
    return generation;
  }

  /** @returns whether the frame was an answer, and is done with. */
  settle(frame: ServerFrame): boolean {
    const settled = this.#requests.settle(frame);
    if (settled) this.#tellIdle();
    return settled;
  }

  /** The connection is gone, or was left: requests without an answer are lost. */
  end(): void {
    this.#waiting?.timer.cancel();
    this.#waiting = undefined;
    this.#requests.end();
  }

  /** Calls back when no stream is on it and nothing is unanswered, or after so many milliseconds, unless `end` comes first. */
  whenIdle(timers: Timers, withinMs: number, done: () => void): void {
    this.#waiting = { timer: timers.after(withinMs, done), done };
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#waiting !== undefined && this.#streams === 0 && this.#requests.size === 0) this.#waiting.done();
  }
}
