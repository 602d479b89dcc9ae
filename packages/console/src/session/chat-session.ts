import type { Client } from "@hawser/client";
import { Room } from "../model/room.ts";
import { maxRooms } from "../model/settings.ts";
import type { Settings } from "../model/settings.ts";
import { ConnectionWatch } from "./connection-watch.ts";
import { GatewayWatch } from "./gateway-watch.ts";
import { RoomPresence } from "./room-presence.ts";
import { RoomStream } from "./room-stream.ts";
import { Sender } from "./sender.ts";

export interface ChatSessionOptions {
  readonly client: Client;
  readonly settings: Settings;
  /** The name that was chosen; the server may know this user by another. */
  readonly name: string;
  /** Something that is shown has changed. */
  readonly onChange: () => void;
}

/** Where the reader of the open room is. */
export interface View {
  /** The end of the room is in sight. */
  readonly atEnd: boolean;
  /** The page is in front: somebody looks at it. */
  readonly present: boolean;
}

/** The room that everybody is in at first. */
export const firstRoom = "general";

/** One person's chat: the rooms that are joined, which one is open, and the connection under them. */
export class ChatSession {
  readonly connection: ConnectionWatch;
  readonly gateway: GatewayWatch;
  readonly #options: ChatSessionOptions;
  readonly #sender: Sender;
  readonly #streams = new Map<Room, RoomStream>();
  readonly #presences = new Map<Room, RoomPresence>();
  #active: Room | undefined;
  /** Where the reader is. */
  #view: View = { atEnd: true, present: false };
  /** Streams that stand still until the end of the open room is in sight. */
  #waiting: (() => void)[] = [];

  constructor(options: ChatSessionOptions) {
    this.#options = options;
    this.connection = new ConnectionWatch(options.client, options.onChange);
    this.gateway = new GatewayWatch(options.client, options.onChange);
    this.#sender = new Sender(options.client, options.onChange);
    const { rooms } = options.settings;
    for (const name of rooms.length === 0 ? [firstRoom] : rooms) this.#add(name);
  }

  /** The user as the server knows it. */
  get me(): string {
    return this.#options.client.status.user || this.#options.name;
  }

  get rooms(): readonly Room[] {
    return [...this.#streams.keys()];
  }

  get active(): Room | undefined {
    return this.#active;
  }

  /** How many messages have no outcome yet, in all rooms. */
  get open(): number {
    return this.rooms.reduce((sum, room) => sum + room.outgoing.open, 0);
  }

  /** Opens a room; joins it if need be. */
  openRoom(name: string): void {
    const room = this.#find(name) ?? this.#add(name);
    if (room === this.#active) return;
    this.#active = room;
    this.#goOn();
    room.newAfter = room.unread(this.me) > 0 ? room.read?.offset : undefined;
    this.#options.onChange();
  }

  leave(name: string): void {
    const room = this.#find(name);
    if (room === undefined) return;
    this.#streams.get(room)?.end();
    this.#streams.delete(room);
    this.#presences.get(room)?.end();
    this.#presences.delete(room);
    this.#goOn();
    this.#keepRooms();
    if (room === this.#active) this.openRoom(this.rooms[0]?.name ?? firstRoom);
    this.#options.onChange();
  }

  send(text: string): void {
    const room = this.#active;
    if (room === undefined) return;
    room.newAfter = undefined;
    this.#sender.send(room, text);
  }

  /** Sends a message that was not accepted once more, as a new one. */
  sendAgain(id: number): void {
    const failed = this.#active?.outgoing.remove(id);
    if (failed !== undefined) this.send(failed.text);
  }

  discard(id: number): void {
    this.#active?.outgoing.remove(id);
    this.#options.onChange();
  }

  loadOlder(): void {
    if (this.#active !== undefined) void this.#streams.get(this.#active)?.loadOlder();
  }

  /** Says where the reader is: what stands at the end counts as read when somebody is there to see it. */
  look(view: View): void {
    this.#view = view;
    if (view.atEnd) this.#goOn();
    if (view.atEnd && view.present) this.#markRead();
  }

  /** Ends it: nothing is received any more. */
  async close(): Promise<void> {
    this.connection.stop();
    for (const stream of this.#streams.values()) stream.end();
    for (const presence of this.#presences.values()) presence.end();
    this.#goOn();
    await this.#options.client.close();
  }

  #find(name: string): Room | undefined {
    return this.rooms.find((room) => room.name === name);
  }

  #add(name: string): Room {
    const { client, settings, onChange } = this.#options;
    const oldest = this.rooms.find((room) => room !== this.#active);
    if (this.#streams.size >= maxRooms && oldest !== undefined) this.leave(oldest.name);
    const room = new Room(name, settings.read(name));
    const stream = new RoomStream(client, room, {
      changed: onChange,
      arrived: () => {
        if (room === this.#active && this.#view.atEnd && this.#view.present) this.#markRead();
        onChange();
      },
      tell: (tone, text) => this.connection.log.add(Date.now(), tone, text),
      atEnd: () => room !== this.#active || this.#view.atEnd,
      untilAtEnd: () => new Promise((resolve) => this.#waiting.push(resolve)),
    });
    this.#streams.set(room, stream);
    this.#presences.set(room, new RoomPresence(client, room, onChange));
    this.#keepRooms();
    return room;
  }

  #markRead(): void {
    const room = this.#active;
    if (room === undefined) return;
    const before = room.read;
    room.markRead();
    if (room.read === undefined) return;
    if (room.read !== before || this.#options.settings.read(room.name) === undefined) {
      this.#options.settings.setRead(room.name, { ...room.read, ...this.#streams.get(room)?.grant });
      this.#options.onChange();
    }
  }

  #goOn(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #keepRooms(): void {
    this.#options.settings.rooms = this.rooms.map((room) => room.name);
  }
}
