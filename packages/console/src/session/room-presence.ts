import { enterPresence, watchPresence } from "@hawser/client";
import type { Client, Membership, PresenceWatch } from "@hawser/client";
import type { Room } from "../model/room.ts";

/** Says that its user is in a room, and keeps who else is. Where the server has no presence, nobody is shown. */
export class RoomPresence {
  readonly #room: Room;
  readonly #changed: () => void;
  readonly #membership: Membership;
  readonly #watch: PresenceWatch;

  constructor(client: Client, room: Room, changed: () => void) {
    const channel = client.channel(room.channel);
    this.#room = room;
    this.#changed = changed;
    this.#membership = enterPresence(channel);
    this.#watch = watchPresence(channel);
    this.#watch.addEventListener("count", () => this.#update());
    this.#watch.addEventListener("ended", ({ error }) => {
      if (error === undefined) return;
      room.people = [];
      changed();
    });
  }

  /** Leaves the room. */
  end(): void {
    void this.#membership.close();
    void this.#watch.close();
  }

  #update(): void {
    const users = new Set([...this.#watch.members.values()].map(({ user }) => user));
    this.#room.people = [...users].toSorted((one, other) => one.localeCompare(other));
    this.#changed();
  }
}
