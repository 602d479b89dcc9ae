import type { ClientStatus, Statistics } from "@hawser/client";
import { element } from "./element.ts";

/** What can be done to the connection and to the page. */
export interface Trouble {
  readonly label: string;
  readonly explanation: string;
  readonly make: () => void;
}

/** How the page is connected, what was counted, and buttons that make trouble. */
export class Bar {
  readonly element: HTMLElement;
  readonly #state = element("span", "state");
  readonly #figures = new Map<string, HTMLElement>();
  readonly #buttons: HTMLButtonElement[];

  constructor(troubles: readonly Trouble[]) {
    this.#buttons = troubles.map(({ label, explanation, make }) => {
      const button = element("button", "trouble", label);
      button.title = explanation;
      button.addEventListener("click", make);
      return button;
    });
    const figures = ["round trip", "messages", "resumes", "quotes missed", "tape gaps"].map((name) => {
      const value = element("dd", "", "–");
      value.dataset["figure"] = name;
      this.#figures.set(name, value);
      return element("div", "", element("dt", "", name), value);
    });
    this.element = element(
      "header",
      "bar",
      element("h1", "", "Trading screen"),
      this.#state,
      element("dl", "", ...figures),
      element("div", "troubles", ...this.#buttons),
    );
  }

  /** @param still whether the page has stopped reading */
  show(status: ClientStatus, statistics: Statistics, missed: number, still: boolean): void {
    this.#state.textContent = still ? "not reading" : status.state;
    this.#state.dataset["state"] = still ? "still" : status.state;
    for (const button of this.#buttons) button.disabled = still || status.state !== "connected";
    const roundTrip = status.connections[0]?.roundTripMs;
    this.#figure("round trip", roundTrip === undefined ? "–" : `${roundTrip.toFixed(1)} ms`);
    this.#figure("messages", statistics.messagesIn.toLocaleString("en"));
    this.#figure("resumes", String(statistics.resumes));
    this.#figure("quotes missed", String(missed));
    this.#figure("tape gaps", String(statistics.lost));
  }

  #figure(name: string, text: string): void {
    const value = this.#figures.get(name);
    if (value !== undefined && value.textContent !== text) value.textContent = text;
  }
}
