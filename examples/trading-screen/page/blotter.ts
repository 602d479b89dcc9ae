import type { Fill, Order } from "../contract.ts";
import { element } from "./element.ts";
import { priceText, quantityText, symbolText } from "./price.ts";

const maxRows = 60;

/** The trader's orders, the newest first, and what became of each. */
export class Blotter {
  readonly element: HTMLElement;
  readonly #rows = new Map<string, HTMLElement>();
  readonly #list = element("ol", "rows");
  readonly #empty = element("p", "empty", "Press a price to deal at it.");

  constructor() {
    this.element = element("section", "panel blotter", element("h2", "", "Orders"), this.#empty, this.#list);
  }

  asked(order: Order): void {
    this.#row(order, "asked", "…");
  }

  /** Comes twice, by the call's reply and by the inbox, in either order. */
  filled(fill: Fill): void {
    this.#row(fill, "filled", priceText(fill.symbol, fill.price));
  }

  /** @param reason the error's code */
  failed(order: Order, reason: string): void {
    // The inbox may have said already that it was filled.
    if (this.#rows.get(order.order)?.dataset["state"] === "filled") return;
    this.#row(order, "failed", reason);
  }

  #row(order: Order, state: string, outcome: string): void {
    const row = this.#rows.get(order.order) ?? element("li", "");
    row.dataset["state"] = state;
    row.replaceChildren(
      element("span", order.side, order.side),
      element("span", "", `${quantityText(order.quantity)} ${symbolText(order.symbol)}`),
      element("span", "number", outcome),
    );
    if (this.#rows.has(order.order)) return;
    this.#rows.set(order.order, row);
    this.#empty.remove();
    this.#list.prepend(row);
    if (this.#list.childElementCount > maxRows) this.#list.lastElementChild?.remove();
  }
}
