import type { Trade } from "../contract.ts";
import { element } from "./element.ts";
import { priceText, quantityText, symbolText } from "./price.ts";

const maxRows = 40;

/** What others trade, the newest first. The channel keeps nothing: what went by unseen is gone, and that is shown. */
export class Tape {
  readonly element: HTMLElement;
  readonly #list = element("ol", "rows");

  constructor() {
    this.element = element("section", "panel tape", element("h2", "", "Tape"), this.#list);
  }

  show({ symbol, side, quantity, price }: Trade): void {
    this.#add(
      element(
        "li",
        "",
        element("span", side, side),
        element("span", "", `${quantityText(quantity)} ${symbolText(symbol)}`),
        element("span", "number", priceText(symbol, price)),
      ),
    );
  }

  lost(): void {
    this.#add(element("li", "lost", "trades went by while you were away"));
  }

  #add(row: HTMLElement): void {
    this.#list.prepend(row);
    if (this.#list.childElementCount > maxRows) this.#list.lastElementChild?.remove();
  }
}
