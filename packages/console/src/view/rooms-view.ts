import { cleanRoom } from "../formatting/names.ts";
import type { Room } from "../model/room.ts";
import { element } from "./element.ts";
import { icon } from "./icons.ts";

export interface RoomsActions {
  open(room: string): void;
  /** Joins a room by its name, already cleaned, and opens it. */
  join(room: string): void;
  leave(room: string): void;
}

/** The list of rooms with what is unread in each, and a field to join another. */
export class RoomsView {
  readonly root: HTMLElement;
  readonly #list: HTMLUListElement;
  readonly #input: HTMLInputElement;
  readonly #actions: RoomsActions;
  #signature = "";

  constructor(actions: RoomsActions) {
    this.#actions = actions;
    this.#list = element("ul", { class: "room-list", test: "rooms" });
    this.#input = element("input", {
      test: "join-room",
      attributes: {
        type: "text",
        id: "join-room",
        placeholder: "Join a room",
        maxlength: 64,
        autocomplete: "off",
        autocapitalize: "off",
        spellcheck: "false",
        enterkeyhint: "go",
      },
    });
    const form = element(
      "form",
      { class: "join", on: { submit: (event) => this.#submit(event) } },
      element("label", { class: "hidden", text: "Join a room by its name", attributes: { for: "join-room" } }),
      this.#input,
      element(
        "button",
        { class: "round quiet", test: "join-room-button", attributes: { type: "submit", "aria-label": "Join" } },
        icon("plus"),
      ),
    );
    this.root = element(
      "nav",
      { class: "rooms", attributes: { "aria-label": "Rooms" } },
      element("h2", { text: "Rooms" }),
      this.#list,
      form,
    );
  }

  update(rooms: readonly Room[], active: Room | undefined, me: string): void {
    const entries = rooms.map((room) => ({
      name: room.name,
      unread: room.unread(me),
      open: room === active,
      refused: room.state.kind === "refused",
    }));
    const signature = JSON.stringify(entries);
    if (signature === this.#signature) return;
    this.#signature = signature;
    const focused = this.#list.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset["room"]
      : undefined;
    this.#list.replaceChildren(...entries.map((entry) => this.#item(entry, entries.length > 1)));
    if (focused !== undefined) {
      for (const button of this.#list.querySelectorAll<HTMLElement>("[data-room]"))
        if (button.dataset["room"] === focused) button.focus();
    }
  }

  #item(entry: { name: string; unread: number; open: boolean; refused: boolean }, leavable: boolean): HTMLLIElement {
    const { name, unread, open, refused } = entry;
    return element(
      "li",
      { class: open ? "room open" : unread > 0 ? "room fresh" : "room", test: `room-${name}` },
      element(
        "button",
        {
          class: "room-name",
          attributes: {
            type: "button",
            "data-room": name,
            "aria-current": open ? "page" : undefined,
            "aria-label": unread > 0 ? `${name}, ${unread} unread` : name,
          },
          on: { click: () => this.#actions.open(name) },
        },
        icon(refused ? "alert" : "hash"),
        element("span", { class: "label", text: name }),
        unread > 0 && element("span", { class: "badge", test: "unread", text: unread > 99 ? "99+" : String(unread) }),
      ),
      leavable &&
        element(
          "button",
          {
            class: "leave",
            attributes: { type: "button", "aria-label": `Leave ${name}`, title: "Leave" },
            on: { click: () => this.#actions.leave(name) },
          },
          icon("close"),
        ),
    );
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    const name = cleanRoom(this.#input.value);
    if (name === "") return this.#input.focus();
    this.#input.value = "";
    this.#actions.join(name);
  }
}
