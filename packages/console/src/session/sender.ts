import type { Client } from "@hawser/client";
import type { OutgoingState } from "../model/outgoing.ts";
import type { Room } from "../model/room.ts";

/** Sends messages, and keeps in their room what is known of each. */
export class Sender {
  readonly #client: Client;
  readonly #changed: () => void;
  #id = 0;

  constructor(client: Client, changed: () => void) {
    this.#client = client;
    this.#changed = changed;
  }

  send(room: Room, text: string): void {
    this.#id += 1;
    const id = this.#id;
    room.outgoing.add(id, text, Date.now());
    const update = (state: OutgoingState): void => {
      room.outgoing.update(id, state);
      room.outgoing.settle((offset) => room.timeline.has(offset));
      this.#changed();
    };
    const publication = this.#client.channel(room.channel).publish(text);
    publication.addEventListener("state", () => {
      if (publication.state === "queued" || publication.state === "sent") update({ kind: publication.state });
    });
    if (publication.state === "sent") update({ kind: "sent" });
    publication.then(
      ({ position }) => update({ kind: "accepted", offset: position?.offset }),
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        update({ kind: publication.state === "unknown" ? "unknown" : "rejected", reason });
      },
    );
    this.#changed();
  }
}
