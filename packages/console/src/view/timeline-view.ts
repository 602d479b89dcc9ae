import { arrange } from "../model/arrangement.ts";
import type { Row } from "../model/arrangement.ts";
import type { Room } from "../model/room.ts";
import { element } from "./element.ts";
import { icon } from "./icons.ts";
import { rowSignature, rowView } from "./message-view.ts";
import type { MessageActions } from "./message-view.ts";

export interface TimelineActions extends MessageActions {
  /** The reader is near the beginning of what is loaded. */
  loadOlder(): void;
  /** The reader is at the end, or left it. */
  atEnd(atEnd: boolean): void;
}

interface DrawnRow {
  readonly signature: string;
  readonly element: HTMLElement;
}

/** So near to the end, in pixels, counts as there. */
const endMargin = 48;

/** So near to the beginning, in pixels, older messages are asked for. */
const startMargin = 300;

/**
 * The messages of the open room. It stays at the end while the reader is there; it stays where the reader is when older
 * messages come in above, or new ones below.
 */
export class TimelineView {
  readonly root: HTMLElement;
  readonly #scroller: HTMLElement;
  readonly #start: HTMLElement;
  readonly #list: HTMLElement;
  readonly #empty: HTMLElement;
  readonly #jump: HTMLButtonElement;
  readonly #actions: TimelineActions;
  #room: Room | undefined;
  #drawn = new Map<string, DrawnRow>();
  #atEnd = true;

  constructor(actions: TimelineActions) {
    this.#actions = actions;
    this.#start = element("div", { class: "start", test: "history-state" });
    this.#list = element("div", {
      class: "rows",
      test: "messages",
      attributes: { role: "log", "aria-live": "polite", "aria-label": "Messages" },
    });
    this.#empty = element("div", { class: "empty", test: "empty" });
    this.#scroller = element(
      "div",
      {
        class: "scroller",
        test: "scroller",
        attributes: { tabindex: 0, "aria-label": "Messages, scroll up for older ones", role: "region" },
      },
      this.#start,
      this.#empty,
      this.#list,
    );
    this.#jump = element(
      "button",
      { class: "jump", test: "jump", attributes: { type: "button", hidden: true }, on: { click: () => this.toEnd() } },
      icon("down"),
      element("span", { text: "Latest" }),
    );
    this.root = element("div", { class: "timeline" }, this.#scroller, this.#jump);
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    // A keyboard that comes up, a turned phone: the end stays in sight.
    new ResizeObserver(() => {
      if (this.#atEnd) this.#scroller.scrollTop = this.#scroller.scrollHeight;
      this.#wantOlder();
    }).observe(this.#scroller);
  }

  get atEnd(): boolean {
    return this.#atEnd;
  }

  update(room: Room, me: string, now: number): void {
    const switched = room !== this.#room;
    if (switched) this.#open(room);
    const anchor = this.#atEnd ? undefined : this.#anchor();
    const rows = arrange(room, me, now);
    this.#draw(rows, me);
    this.#drawStart(room);
    this.#drawEmpty(room, rows.length === 0);
    if (this.#atEnd) this.#scroller.scrollTop = this.#scroller.scrollHeight;
    else if (anchor !== undefined) this.#scroller.scrollTop += this.#footOf(anchor.key) - anchor.foot;
    if (switched) this.#actions.atEnd(true);
    this.#jump.hidden = this.#atEnd;
    this.#jump.classList.toggle("fresh", room.unread(me) > 0);
    this.#wantOlder();
  }

  toEnd(): void {
    this.#atEnd = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#jump.hidden = true;
    this.#actions.atEnd(true);
  }

  #open(room: Room): void {
    this.#room = room;
    this.#drawn = new Map();
    this.#list.replaceChildren();
    this.#atEnd = true;
  }

  #draw(rows: readonly Row[], me: string): void {
    const settled = this.#drawn.size > 0;
    const drawn = new Map<string, DrawnRow>();
    const keys = new Set(rows.map((row) => row.key));
    for (const [key, gone] of this.#drawn) if (!keys.has(key)) gone.element.remove();
    let place: Element | null = this.#list.firstElementChild;
    for (const row of rows) {
      const signature = rowSignature(row);
      const before = this.#drawn.get(row.key);
      const kept = before?.signature === signature ? before : { signature, element: rowView(row, me, this.#actions) };
      if (before === undefined && settled && isNewest(row, rows)) kept.element.classList.add("arriving");
      if (kept.element !== place) {
        this.#list.insertBefore(kept.element, place);
        if (before !== undefined && before !== kept) {
          if (before.element === place) place = place.nextElementSibling;
          before.element.remove();
        }
      } else {
        place = place.nextElementSibling;
      }
      drawn.set(row.key, kept);
    }
    this.#drawn = drawn;
  }

  #drawStart(room: Room): void {
    const { history } = room;
    this.#start.dataset["kind"] = history.kind;
    const hasMessages = room.timeline.messages.length > 0;
    if (history.kind === "failed") {
      this.#start.replaceChildren(
        element("span", { text: `Older messages could not be loaded: ${history.reason} ` }),
        element("button", {
          class: "link",
          text: "Try again",
          attributes: { type: "button" },
          on: { click: () => this.#actions.loadOlder() },
        }),
      );
    } else if (history.kind === "full") {
      this.#start.replaceChildren(element("span", { text: "More than this is not shown at once" }));
    } else if (history.kind === "complete" && hasMessages) {
      this.#start.replaceChildren(element("span", { text: `The beginning of #${room.name}` }));
    } else {
      this.#start.replaceChildren(
        ...(history.kind === "loading" ? [element("span", { class: "dots", text: "Loading older messages" })] : []),
      );
    }
  }

  #drawEmpty(room: Room, nothing: boolean): void {
    const quiet =
      nothing && (room.state.kind === "refused" || room.history.kind === "complete" || room.history.kind === "failed");
    this.#empty.hidden = !quiet;
    if (!quiet) return;
    const [title, text] =
      room.state.kind === "refused"
        ? ["This room is closed to you", room.state.reason]
        : [`Nothing here yet`, `Say the first word in #${room.name}. Everyone who joins this room will find it.`];
    this.#empty.replaceChildren(icon("hash"), element("h3", { text: title }), element("p", { text }));
  }

  /** A message in sight, and where it ends: it must stand there afterwards too, even when it is drawn anew. */
  #anchor(): { readonly key: string; readonly foot: number } | undefined {
    const top = this.#scroller.scrollTop;
    for (const key of this.#drawn.keys()) {
      const foot = this.#footOf(key);
      if (key.startsWith("message-") && foot > top) return { key, foot };
    }
    return undefined;
  }

  /** Where a row ends, from the beginning of what can be scrolled. */
  #footOf(key: string): number {
    const row = this.#drawn.get(key)?.element;
    return row === undefined ? 0 : row.offsetTop + row.offsetHeight;
  }

  #scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const atEnd = scrollHeight - scrollTop - clientHeight < endMargin;
    if (atEnd !== this.#atEnd) {
      this.#atEnd = atEnd;
      this.#jump.hidden = atEnd;
      this.#actions.atEnd(atEnd);
    }
    this.#wantOlder();
  }

  #wantOlder(): void {
    if (this.#room?.history.kind === "idle" && this.#scroller.scrollTop < startMargin) this.#actions.loadOlder();
  }
}

/** Only what comes at the end moves in; older pages and redrawn rows just stand there. */
function isNewest(row: Row, rows: readonly Row[]): boolean {
  return row === rows.at(-1) && (row.kind === "outgoing" || (row.kind === "message" && !row.own));
}
