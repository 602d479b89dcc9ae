import { displayName, initials, tint } from "../formatting/names.ts";
import { element } from "./element.ts";

/** How many are shown by their picture; the others are counted. */
const maxPictures = 5;

/** Who is in the room: a few pictures, how many there are, and all names for who points at it. */
export class PeopleView {
  readonly root: HTMLElement;
  #shown = "";

  constructor() {
    this.root = element("div", { class: "people", test: "people", attributes: { role: "img", hidden: true } });
  }

  /** @param people - Users, each once. */
  update(people: readonly string[], me: string): void {
    const ordered = [...people.filter((user) => user === me), ...people.filter((user) => user !== me)];
    const shown = ordered.join("\n");
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.root.hidden = ordered.length === 0;
    const names = ordered.map((user) => (user === me ? "you" : displayName(user)));
    const text = `${ordered.length} here: ${names.join(", ")}`;
    this.root.title = text;
    this.root.setAttribute("aria-label", text);
    this.root.replaceChildren(
      ...ordered.slice(0, maxPictures).map((user) =>
        element("span", {
          class: "avatar",
          text: initials(user),
          attributes: { "data-tint": String(tint(user)), "data-user": user, "aria-hidden": true },
        }),
      ),
      element("span", { class: "people-count", text: countOf(ordered.length) }),
    );
  }
}

function countOf(people: number): string {
  return people > maxPictures ? `+${people - maxPictures}` : "";
}
