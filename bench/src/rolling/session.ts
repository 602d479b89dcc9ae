import { performance } from "node:perf_hooks";
import { createClient, enterPresence, watchPresence, webSocketConnector } from "@hawser/client";
import type { Client, PresenceWatch } from "@hawser/client";
import { WebSocket } from "ws";
import type { Presence } from "./messages.ts";
import { OrderCheck } from "./order-check.ts";

interface Numbered {
  readonly publisher: number;
  readonly number: number;
}

/** All sessions are members of it. */
const lobby = "rolling.lobby";

/** One client of the rolling restart: is in the lobby, reads its room, publishes to it, and knows its longest pause. */
export class Session {
  readonly check: OrderCheck = new OrderCheck();
  /** Publishes that were made; each has the number before. */
  published = 0;
  /** Publishes that did not get into the log, as far as is known. */
  failed = 0;
  /** What the subscription was told beside messages. */
  told = 0;
  readonly #index: number;
  readonly #room: string;
  readonly #client: Client;
  readonly #ready: Promise<unknown>;
  #open = 0;
  #onSettled: () => void = () => {};
  #watch: PresenceWatch | undefined;
  #joined = 0;
  #left = 0;
  #lastAt: number | undefined;
  #pauseMs = 0;

  constructor(index: number, room: number, urls: readonly string[]) {
    this.#index = index;
    this.#room = `rolling.${room}`;
    this.#client = createClient({
      url: urls,
      token: `session-${index}`,
      connector: webSocketConnector({ WebSocket }),
    });
    const subscription = this.#client.channel(this.#room).subscribe({ from: "earliest" });
    const subscribed = new Promise<void>((resolve) => {
      subscription.addEventListener("subscribed", () => resolve(), { once: true });
    });
    this.#ready = Promise.all([subscribed, enterPresence(this.#client.channel(lobby)).entered]);
    subscription.addEventListener("message", ({ message }) => this.#receive(message.data as Numbered));
    subscription.addEventListener("lost", () => (this.told += 1));
    subscription.addEventListener("reset", () => (this.told += 1));
    subscription.addEventListener("ended", () => (this.told += 1));
  }

  /** Connections that were made beyond the first. */
  get moves(): number {
    return this.#client.statistics.connects - 1;
  }

  /** It reads its room, and is in the lobby. */
  async ready(): Promise<void> {
    await this.#ready;
  }

  /** Watches the lobby; resolves when it knows who is there. */
  async watch(): Promise<void> {
    const watch = watchPresence(this.#client.channel(lobby));
    await new Promise<void>((resolve) => watch.addEventListener("ready", () => resolve(), { once: true }));
    this.#watch = watch;
    watch.addEventListener("join", () => (this.#joined += 1));
    watch.addEventListener("leave", () => (this.#left += 1));
  }

  /** What it saw in the lobby; `undefined` when it does not watch. */
  get presence(): Presence | undefined {
    if (this.#watch === undefined) return undefined;
    return { joined: this.#joined, left: this.#left, members: this.#watch.members.size };
  }

  publish(): void {
    const message: Numbered = { publisher: this.#index, number: this.published };
    this.published += 1;
    this.#open += 1;
    const settle = (): void => {
      this.#open -= 1;
      if (this.#open === 0) this.#onSettled();
    };
    this.#client
      .channel(this.#room)
      .publish(message)
      .then(settle, () => {
        this.failed += 1;
        settle();
      });
  }

  /** Resolves when each publish has its outcome. */
  async settled(): Promise<void> {
    if (this.#open > 0) await new Promise<void>((resolve) => (this.#onSettled = resolve));
  }

  /** The longest time between two messages since the last call; one that still lasts counts. */
  takePauseMs(): number {
    const now = performance.now();
    const pauseMs = Math.max(this.#pauseMs, this.#lastAt === undefined ? 0 : now - this.#lastAt);
    this.#pauseMs = 0;
    return pauseMs;
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #receive({ publisher, number }: Numbered): void {
    const now = performance.now();
    if (this.#lastAt !== undefined) this.#pauseMs = Math.max(this.#pauseMs, now - this.#lastAt);
    this.#lastAt = now;
    this.check.receive(publisher, number);
  }
}
