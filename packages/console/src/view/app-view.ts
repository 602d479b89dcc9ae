import type { ConnectionFacts } from "../model/connection-facts.ts";
import type { PoolFacts } from "../model/gateway-facts.ts";
import type { Room } from "../model/room.ts";
import { displayName, initials, tint } from "../formatting/names.ts";
import { ComposerView } from "./composer-view.ts";
import type { ComposerActions } from "./composer-view.ts";
import { element, setText } from "./element.ts";
import { icon, mark } from "./icons.ts";
import { PeopleView } from "./people-view.ts";
import { PanelView } from "./panel-view.ts";
import type { PanelActions } from "./panel-view.ts";
import { RoomsView } from "./rooms-view.ts";
import type { RoomsActions } from "./rooms-view.ts";
import { TimelineView } from "./timeline-view.ts";
import type { TimelineActions } from "./timeline-view.ts";

export interface AppActions extends RoomsActions, TimelineActions, ComposerActions, PanelActions {
  changeName(): void;
}

/** What the whole page shows, at one moment. */
export interface AppState {
  readonly me: string;
  readonly rooms: readonly Room[];
  readonly active: Room | undefined;
  readonly connection: ConnectionFacts;
  /** Of the gateway that the page came from, if it is one. */
  readonly pools: readonly PoolFacts[] | undefined;
  readonly now: number;
}

type Drawer = "rooms" | "panel" | undefined;

/** The page: rooms at the left, the open room in the middle, the connection at the right; on a phone, drawers. */
export class AppView {
  readonly root: HTMLElement;
  readonly timeline: TimelineView;
  readonly composer: ComposerView;
  readonly #rooms: RoomsView;
  readonly #panel: PanelView;
  readonly #people = new PeopleView();
  readonly #title: HTMLElement;
  readonly #pill: HTMLButtonElement;
  readonly #pillText: HTMLElement;
  readonly #menu: HTMLButtonElement;
  readonly #avatar: HTMLElement;
  readonly #name: HTMLElement;
  readonly #unreadElsewhere: HTMLElement;
  #active: Room | undefined;

  constructor(actions: AppActions) {
    const closing =
      <Argument>(act: (argument: Argument) => void) =>
      (argument: Argument): void => {
        this.#open(undefined);
        act(argument);
      };
    this.timeline = new TimelineView(actions);
    this.composer = new ComposerView(actions);
    this.#rooms = new RoomsView({
      open: closing((room) => actions.open(room)),
      join: closing((room) => actions.join(room)),
      leave: (room) => actions.leave(room),
    });
    this.#panel = new PanelView(actions);
    this.#title = element("h1", { class: "room-title", test: "room-title" });
    this.#pillText = element("span");
    this.#unreadElsewhere = element("span", { class: "dot", attributes: { hidden: true } });
    this.#menu = element(
      "button",
      {
        class: "round quiet menu",
        test: "menu",
        attributes: { type: "button", "aria-label": "Rooms", "aria-expanded": "false" },
        on: { click: () => this.#toggle("rooms") },
      },
      icon("menu"),
      this.#unreadElsewhere,
    );
    this.#pill = element(
      "button",
      {
        class: "pill",
        test: "pill",
        attributes: { type: "button", "aria-expanded": "false" },
        on: { click: () => this.#toggle("panel") },
      },
      element("span", { class: "lamp", attributes: { "aria-hidden": true } }),
      this.#pillText,
    );
    this.#avatar = element("span", { class: "avatar", attributes: { "aria-hidden": true } });
    this.#name = element("span", { class: "label", test: "me" });
    this.root = element(
      "div",
      { class: "app", on: { keydown: (event) => this.#keydown(event, actions) } },
      element("a", {
        class: "skip",
        text: "Skip to the message field",
        attributes: { href: "#composer" },
        on: { click: (event) => this.#skip(event) },
      }),
      element(
        "div",
        { class: "sidebar" },
        element("div", { class: "brand" }, mark(), element("span", { text: "Hawser" })),
        this.#rooms.root,
        element(
          "button",
          {
            class: "me",
            test: "change-name",
            attributes: { type: "button", title: "Change your name" },
            on: { click: () => actions.changeName() },
          },
          this.#avatar,
          this.#name,
        ),
      ),
      element(
        "main",
        { class: "chat" },
        element("header", { class: "chat-head" }, this.#menu, this.#title, this.#people.root, this.#pill),
        this.timeline.root,
        this.composer.root,
      ),
      this.#panel.root,
      element("div", { class: "veil", on: { click: () => this.#open(undefined) } }),
    );
  }

  update(state: AppState): void {
    const { active, me, rooms, connection, pools, now } = state;
    this.#rooms.update(rooms, active, me);
    this.#panel.update(connection, pools, now);
    setText(this.#pillText, pillTexts[connection.state]);
    this.#pill.dataset["state"] = connection.state;
    this.#pill.setAttribute("aria-label", `Connection: ${pillTexts[connection.state]}`);
    const name = displayName(me);
    setText(this.#name, name);
    setText(this.#avatar, initials(me));
    this.#avatar.dataset["tint"] = String(tint(me));
    this.#unreadElsewhere.hidden = !rooms.some((room) => room !== active && room.unread(me) > 0);
    this.#people.update(active?.people ?? [], me);
    if (active === undefined) return;
    if (active !== this.#active) {
      this.#active = active;
      this.#title.replaceChildren(icon("hash"), element("span", { text: active.name }));
      this.composer.open(active.name, active.draft);
    }
    this.composer.update(connection.state === "connected", active.state.kind === "refused");
    this.timeline.update(active, me, now);
  }

  #toggle(drawer: "rooms" | "panel"): void {
    this.#open(this.root.dataset["drawer"] === drawer ? undefined : drawer);
  }

  #open(drawer: Drawer): void {
    if (drawer === undefined) delete this.root.dataset["drawer"];
    else this.root.dataset["drawer"] = drawer;
    this.#menu.setAttribute("aria-expanded", String(drawer === "rooms"));
    this.#pill.setAttribute("aria-expanded", String(drawer === "panel"));
  }

  #keydown(event: KeyboardEvent, actions: AppActions): void {
    if (event.key === "Escape") return this.#open(undefined);
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    const names = [...this.root.querySelectorAll<HTMLElement>("[data-room]")].map((room) => room.dataset["room"] ?? "");
    const at = names.indexOf(this.#active?.name ?? "");
    const next = names[(at + (event.key === "ArrowDown" ? 1 : names.length - 1)) % names.length];
    event.preventDefault();
    if (next !== undefined) actions.open(next);
  }

  #skip(event: MouseEvent): void {
    event.preventDefault();
    this.root.querySelector<HTMLElement>("#composer")?.focus();
  }
}

const pillTexts = {
  connecting: "Connecting",
  connected: "Connected",
  waiting: "Reconnecting",
  offline: "Offline",
  closed: "Closed",
} as const;
