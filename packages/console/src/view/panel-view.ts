import { bytesText, countText, roundTripText } from "../formatting/quantities.ts";
import { durationText, secondsText } from "../formatting/times.ts";
import type { ConnectionEvent } from "../model/connection-log.ts";
import { roundTripSamples } from "../model/connection-facts.ts";
import type { ConnectionFacts } from "../model/connection-facts.ts";
import { ConnectionsView } from "./connections-view.ts";
import type { ConnectionsActions } from "./connections-view.ts";
import type { PoolFacts } from "../model/gateway-facts.ts";
import { element, setText } from "./element.ts";
import { GatewayView } from "./gateway-view.ts";
import { icon } from "./icons.ts";
import { Sparkline } from "./sparkline.ts";

export interface PanelActions extends ConnectionsActions {
  /** Connects at once, instead of waiting longer. */
  retry(): void;
  cut(): void;
  goOffline(): void;
  goOnline(): void;
}

/** What the figures are called, in the order in which they stand, and what each says. */
const figures = [
  ["messagesIn", "Messages in", "Messages that came over the wire, history pages included"],
  ["messagesOut", "Messages out", "Publishes that were sent, repeated ones included"],
  ["bytesIn", "Bytes in", "Bytes that came over the wire"],
  ["bytesOut", "Bytes out", "Bytes that were sent"],
  ["resumes", "Resumed", "Times that a room went on at its position on a new connection"],
  ["duplicatesDropped", "Duplicates dropped", "Messages that came twice, and were given to the page once"],
  ["gaps", "Gaps found", "Times that something was missing, and was asked for again"],
  ["lost", "Lost intervals", "Times that messages were gone from the log before this page had them"],
] as const;

/** What is known of the session's connections, and ways to break them. */
export class PanelView {
  readonly root: HTMLElement;
  readonly #state: HTMLElement;
  readonly #detail: HTMLElement;
  readonly #roundTrip: HTMLElement;
  readonly #connections: ConnectionsView;
  readonly #gateway = new GatewayView();
  readonly #sparkline = new Sparkline(roundTripSamples);
  readonly #figures = new Map<string, HTMLElement>();
  readonly #retry: HTMLButtonElement;
  readonly #cut: HTMLButtonElement;
  readonly #offline: HTMLButtonElement;
  readonly #offlineLabel: HTMLElement;
  readonly #events: HTMLOListElement;
  #newest = 0;

  constructor(actions: PanelActions) {
    this.#state = element("p", { class: "panel-state", test: "panel-state", attributes: { role: "status" } });
    this.#detail = element("p", { class: "panel-detail", test: "panel-detail" });
    this.#connections = new ConnectionsView(actions);
    this.#roundTrip = element("span", { class: "value", test: "round-trip" });
    this.#retry = element("button", {
      class: "link retry",
      test: "retry",
      text: "Try now",
      attributes: { type: "button", hidden: true },
      on: { click: () => actions.retry() },
    });
    this.#cut = element(
      "button",
      {
        test: "cut",
        attributes: { type: "button", title: "Cuts every connection; the page connects again by itself" },
        on: { click: () => actions.cut() },
      },
      icon("scissors"),
      element("span", { text: "Cut everything" }),
    );
    this.#offlineLabel = element("span");
    this.#offline = element(
      "button",
      {
        test: "offline",
        attributes: { type: "button", title: "Stays without a connection for ten seconds" },
        on: { click: (_, button) => (button.dataset["offline"] === "yes" ? actions.goOnline() : actions.goOffline()) },
      },
      icon("plug"),
      this.#offlineLabel,
    );
    this.#events = element("ol", { class: "events", test: "events" });
    this.root = element(
      "aside",
      { class: "panel", attributes: { "aria-label": "Connection" } },
      element("h2", { text: "Connection" }),
      element("div", { class: "card" }, this.#state, this.#detail, this.#retry),
      this.#connections.root,
      this.#gateway.root,
      element(
        "div",
        { class: "card" },
        element("div", { class: "card-head" }, element("span", { text: "Round trip" }), this.#roundTrip),
        this.#sparkline.root,
      ),
      this.#figureList(),
      element(
        "div",
        { class: "breakers" },
        element("p", { class: "note", text: "Break it. Nothing gets lost." }),
        this.#cut,
        this.#offline,
      ),
      element("section", { class: "history" }, element("h3", { text: "Events" }), this.#events),
    );
  }

  update(facts: ConnectionFacts, pools: readonly PoolFacts[] | undefined, now: number): void {
    this.#gateway.update(pools);
    this.root.dataset["state"] = facts.state;
    setText(this.#state, stateNames[facts.state]);
    setText(this.#detail, detail(facts, now));
    setText(this.#roundTrip, facts.roundTrips.length === 0 ? "–" : roundTripText(facts.roundTrips.at(-1) ?? 0));
    this.#sparkline.update(facts.roundTrips);
    this.#connections.update(facts.connections);
    for (const [name] of figures) {
      const target = this.#figures.get(name);
      const value = facts.statistics[name];
      if (target !== undefined) setText(target, name.startsWith("bytes") ? bytesText(value) : countText(value));
      target?.classList.toggle("loud", (name === "lost" || name === "gaps") && value > 0);
    }
    this.#retry.hidden = facts.state !== "waiting";
    this.#cut.disabled = facts.state !== "connected";
    const offline = facts.offlineUntil !== undefined;
    this.#offline.dataset["offline"] = offline ? "yes" : "no";
    this.#offline.disabled = facts.state === "closed";
    setText(
      this.#offlineLabel,
      offline ? `Back in ${secondsUntil(facts.offlineUntil, now)} s – return now` : "Go offline for 10 seconds",
    );
    this.#drawEvents(facts.events);
  }

  #figureList(): HTMLElement {
    return element(
      "dl",
      { class: "figures" },
      ...figures.map(([name, label, title]) => {
        const value = element("dd", { test: `figure-${name}`, text: "0" });
        this.#figures.set(name, value);
        return element("div", { attributes: { title } }, element("dt", { text: label }), value);
      }),
    );
  }

  #drawEvents(events: readonly ConnectionEvent[]): void {
    const fresh = events.filter((event) => event.id > this.#newest);
    this.#newest = events[0]?.id ?? 0;
    this.#events.prepend(
      ...fresh.map((event) =>
        element(
          "li",
          { class: event.tone },
          element("time", {
            text: secondsText(event.time),
            attributes: { datetime: new Date(event.time).toISOString() },
          }),
          element("span", { text: event.text }),
        ),
      ),
    );
    while (this.#events.childElementCount > events.length) this.#events.lastElementChild?.remove();
  }
}

const stateNames = {
  connecting: "Connecting",
  connected: "Connected",
  waiting: "Waiting to try again",
  offline: "Offline",
  closed: "Closed",
} as const;

function detail(facts: ConnectionFacts, now: number): string {
  switch (facts.state) {
    case "connected":
      return `as ${facts.user}, for ${durationText(now - facts.since)}`;
    case "waiting":
      return `${facts.problem} Next try in ${secondsUntil(facts.until, now)} s.`;
    case "connecting":
      return facts.endpoint;
    case "offline":
      return "Asked to stay away.";
    case "closed":
      return facts.problem;
  }
}

function secondsUntil(time: number | undefined, now: number): number {
  return Math.max(0, Math.ceil(((time ?? now) - now) / 1000));
}
