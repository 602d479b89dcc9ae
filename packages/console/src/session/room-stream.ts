import { readHistory } from "@hawser/client";
import type { Client, StoredPosition, Subscription } from "@hawser/client";
import type { Room } from "../model/room.ts";
import { chatMessage, maxReadingMessages, maxTimelineMessages } from "../model/timeline.ts";

/** How many messages a page of older ones has. */
const historyPage = 50;

/** What a stream tells who keeps the rooms. */
export interface RoomStreamHandlers {
  /** Something of the room changed. */
  changed(): void;
  /** Messages came in. */
  arrived(): void;
  /** Something happened that belongs into the log of events. */
  tell(tone: "plain" | "warning" | "bad", text: string): void;
  /** Whether the room's end is in sight, so that its oldest messages may go. */
  atEnd(): boolean;
  /** Resolves when the room's end is in sight again. */
  untilAtEnd(): Promise<void>;
}

/** Brings the messages of one room in: the stream from the stored position on, and older pages when they are asked for. */
export class RoomStream {
  readonly #client: Client;
  readonly #room: Room;
  readonly #handlers: RoomStreamHandlers;
  readonly #ended = new AbortController();
  #subscription: Subscription | undefined;

  constructor(client: Client, room: Room, handlers: RoomStreamHandlers) {
    this.#client = client;
    this.#room = room;
    this.#handlers = handlers;
    void this.#run();
  }

  /** Proof of where the right to read began, to be stored with positions; there only when the server gave one. */
  get grant(): Pick<StoredPosition, "grant"> {
    const grant = this.#subscription?.position?.grant;
    return grant === undefined ? {} : { grant };
  }

  /** Asks for the page before the oldest message that is loaded. */
  async loadOlder(): Promise<void> {
    const room = this.#room;
    const first = room.timeline.first;
    const before = first === undefined ? room.read : { epoch: first.epoch, offset: first.offset - 1 };
    if (room.history.kind === "loading" || room.state.kind !== "joined" || before === undefined) return;
    if (room.timeline.messages.length >= maxReadingMessages) {
      room.history = { kind: "full" };
      return this.#handlers.changed();
    }
    room.history = { kind: "loading" };
    this.#handlers.changed();
    try {
      const { signal } = this.#ended;
      const page = await readHistory(this.#client.channel(room.channel), { before, limit: historyPage, signal });
      room.timeline.prepend(page.messages.map(chatMessage));
      room.history = { kind: page.more ? "idle" : "complete" };
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      room.history = { kind: "failed", reason: textOf(error) };
    }
    this.#handlers.changed();
  }

  /** Leaves the room. */
  end(): void {
    this.#ended.abort();
    void this.#subscription?.close();
  }

  async #run(): Promise<void> {
    const room = this.#room;
    try {
      const from = room.read ?? (await this.#newest());
      if (this.#ended.signal.aborted) return;
      const subscription = this.#client.channel(room.channel).subscribe({ from });
      this.#subscription = subscription;
      this.#listen(subscription);
      for await (const message of subscription) {
        if (this.#ended.signal.aborted) return;
        room.timeline.add([chatMessage(message)]);
        room.outgoing.settle((offset) => room.timeline.has(offset));
        this.#handlers.arrived();
        // Who reads further up loses nothing of what he reads: the loop stands still, and so does the server's cursor.
        if (room.timeline.messages.length >= maxReadingMessages && !this.#handlers.atEnd())
          await this.#handlers.untilAtEnd();
        if (this.#handlers.atEnd() && room.timeline.keepNewest(maxTimelineMessages)) room.history = { kind: "idle" };
      }
    } catch (error) {
      this.#refused(error);
    }
  }

  /**
   * On the first visit the newest page is what there is to read at once; the stream goes on exactly behind it. Who may
   * not read the history reads from now on.
   */
  async #newest(): Promise<StoredPosition | "now"> {
    const room = this.#room;
    try {
      const page = await readHistory(this.#client.channel(room.channel), {
        limit: historyPage,
        signal: this.#ended.signal,
      });
      room.timeline.add(page.messages.map(chatMessage));
      room.read = { epoch: page.epoch, offset: page.to };
      room.history = { kind: page.more ? "idle" : "complete" };
      this.#handlers.arrived();
      return room.read;
    } catch (error) {
      if (!this.#ended.signal.aborted) room.history = { kind: "failed", reason: textOf(error) };
      return "now";
    }
  }

  #listen(subscription: Subscription): void {
    const room = this.#room;
    subscription.addEventListener("subscribed", (event) => {
      room.state = { kind: "joined" };
      room.read ??= { epoch: event.position.epoch, offset: event.position.offset };
      if (event.resumed) this.#handlers.tell("plain", `#${room.name} goes on at message ${event.position.offset}`);
      this.#handlers.changed();
    });
    subscription.addEventListener("lost", ({ interval }) => {
      const text = `Messages ${interval.from + 1} to ${interval.to} are gone: the server keeps only so many`;
      room.timeline.notice({ offset: interval.from, text });
      this.#handlers.tell("bad", `#${room.name}: ${text.toLowerCase()}`);
      this.#handlers.changed();
    });
    subscription.addEventListener("reset", ({ reason, position }) => {
      if (reason === "truncated") room.timeline.truncate(position.offset);
      else room.timeline.clear();
      if (reason !== "truncated" || position.offset < (room.read?.offset ?? 0)) {
        room.read = { epoch: position.epoch, offset: position.offset };
      }
      room.newAfter = undefined;
      room.history = { kind: "idle" };
      room.timeline.notice({ offset: position.offset, text: resetTexts[reason] });
      this.#handlers.tell("bad", `#${room.name}: ${resetTexts[reason]}`);
      this.#handlers.changed();
    });
    subscription.addEventListener("ended", ({ error }) => {
      if (error !== undefined) this.#refused(error);
    });
  }

  #refused(error: unknown): void {
    if (this.#ended.signal.aborted) return;
    this.#room.state = { kind: "refused", reason: textOf(error) };
    this.#handlers.tell("bad", `#${this.#room.name}: ${textOf(error)}`);
    this.#handlers.changed();
  }
}

const resetTexts = {
  truncated: "The server's log went back to here; later messages are no longer in it",
  unknown: "The server's log was made anew",
  ahead: "The server's log is older than what was here",
} as const;

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
