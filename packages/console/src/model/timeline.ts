import type { Position } from "@hawser/client";

/** A message as the page holds it. */
export interface ChatMessage {
  readonly epoch: number;
  readonly offset: number;
  readonly time: number;
  /** "" for the application itself. */
  readonly publisher: string;
  readonly text: string;
  /** The data was not text, and `text` is its JSON. */
  readonly code: boolean;
}

/** Something to be said at a place of the timeline that is not a message: messages that are gone, a log made anew. */
export interface Notice {
  /** Stands behind the message with this offset. */
  readonly offset: number;
  readonly text: string;
}

/** How many messages of a room the page holds while its end is in sight; older ones come back from the history. */
export const maxTimelineMessages = 2000;

/** How many it holds while somebody reads further up, where nothing may be taken away. */
export const maxReadingMessages = 5000;

/** The messages of one room, rising by offset, each offset once. */
export class Timeline {
  #messages: ChatMessage[] = [];
  #notices: Notice[] = [];

  get messages(): readonly ChatMessage[] {
    return this.#messages;
  }

  get notices(): readonly Notice[] {
    return this.#notices;
  }

  get first(): ChatMessage | undefined {
    return this.#messages[0];
  }

  get last(): ChatMessage | undefined {
    return this.#messages.at(-1);
  }

  has(offset: number): boolean {
    return this.#messages[this.#indexOf(offset)]?.offset === offset;
  }

  /** Adds messages from the stream or from the history. One whose offset is there already is left out. */
  add(messages: readonly ChatMessage[]): void {
    for (const message of messages) {
      const index = this.#indexOf(message.offset);
      if (this.#messages[index]?.offset !== message.offset) this.#messages.splice(index, 0, message);
    }
  }

  /** Adds an older page in one step. */
  prepend(messages: readonly ChatMessage[]): void {
    const start = this.first?.offset ?? Number.POSITIVE_INFINITY;
    this.#messages = [...messages.filter((message) => message.offset < start), ...this.#messages];
  }

  notice(notice: Notice): void {
    this.#notices.push(notice);
  }

  /** Forgets what is above an offset: the log went back to it. Returns how many messages that were. */
  truncate(offset: number): number {
    const kept = this.#messages.filter((message) => message.offset <= offset);
    const gone = this.#messages.length - kept.length;
    this.#messages = kept;
    return gone;
  }

  clear(): void {
    this.#messages = [];
    this.#notices = [];
  }

  /** Lets the oldest go, so that at most `count` stay. Returns whether any went. */
  keepNewest(count: number): boolean {
    if (this.#messages.length <= count) return false;
    this.#messages = this.#messages.slice(-count);
    const start = this.first?.offset ?? 0;
    this.#notices = this.#notices.filter((notice) => notice.offset >= start);
    return true;
  }

  /** The index of the first message at or above an offset. New messages are nearly always the newest. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#messages.length;
    if ((this.last?.offset ?? -1) < offset) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#messages[middle]?.offset ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Makes of a message's data what a chat shows: text as it is, `{ text }` too, anything else as JSON. */
export function chatMessage(message: {
  readonly data: unknown;
  readonly position: Position;
  readonly time: number;
  readonly publisher: string;
}): ChatMessage {
  const { data, position, time, publisher } = message;
  const place = { epoch: position.epoch, offset: position.offset, time, publisher };
  if (typeof data === "string") return { ...place, text: data, code: false };
  if (data instanceof Uint8Array) return { ...place, text: `${data.length} bytes`, code: true };
  if (typeof data === "object" && data !== null && "text" in data && typeof data.text === "string") {
    return { ...place, text: data.text, code: false };
  }
  return {
    ...place,
    text: data === undefined ? "a message that cannot be shown" : JSON.stringify(data, undefined, 2),
    code: true,
  };
}
