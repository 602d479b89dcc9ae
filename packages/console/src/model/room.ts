import type { StoredPosition } from "@hawser/client";
import { OutgoingMessages } from "./outgoing.ts";
import { Timeline } from "./timeline.ts";

/** Whether the room's messages come in. */
export type RoomState =
  | { readonly kind: "joining" }
  | { readonly kind: "joined" }
  /** The server does not let this user read the room, or the room's stream ended otherwise. */
  | { readonly kind: "refused"; readonly reason: string };

/** How far back the page has asked. */
export type HistoryState =
  | { readonly kind: "idle" }
  | { readonly kind: "loading" }
  /** The page holds as many messages as it may, while the end of the room is out of sight. */
  | { readonly kind: "full" }
  /** There is nothing older in the log. */
  | { readonly kind: "complete" }
  | { readonly kind: "failed"; readonly reason: string };

/** One room: its messages, what is being sent to it, and what of it has been read. */
export class Room {
  readonly name: string;
  readonly timeline = new Timeline();
  readonly outgoing = new OutgoingMessages();
  state: RoomState = { kind: "joining" };
  history: HistoryState = { kind: "idle" };
  /** Through which message its user has read. */
  read: StoredPosition | undefined;
  /** Where the mark "new" stands: through which message was read when the room was last opened. */
  newAfter: number | undefined;
  /** The users who are in it, each once, by name; nobody where the server does not tell. */
  people: readonly string[] = [];
  /** Text that was written and not sent. */
  draft = "";

  constructor(name: string, read: StoredPosition | undefined) {
    this.name = name;
    this.read = read;
  }

  /** The channel that carries it. */
  get channel(): string {
    return `chat.${this.name}`;
  }

  /** Messages of others above what was read. */
  unread(me: string): number {
    const through = this.read?.offset ?? Number.POSITIVE_INFINITY;
    let count = 0;
    for (let index = this.timeline.messages.length - 1; index >= 0; index -= 1) {
      const message = this.timeline.messages[index];
      if (message === undefined || message.offset <= through) break;
      if (message.publisher !== me) count += 1;
    }
    return count;
  }

  /** Everything that is there has been seen. */
  markRead(): void {
    const { last } = this.timeline;
    if (last !== undefined && last.offset > (this.read?.offset ?? -1))
      this.read = { epoch: last.epoch, offset: last.offset };
  }
}
