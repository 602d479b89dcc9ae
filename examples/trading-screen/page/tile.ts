import type { InstrumentName, Order, Quote } from "../contract.ts";
import { Chart } from "./chart.ts";
import type { Absence } from "./chart.ts";
import { element } from "./element.ts";
import { priceParts, symbolText } from "./price.ts";

/** One instrument: its chart, and its two prices, which are buttons. */
export class Tile {
  readonly element: HTMLElement;
  readonly #name: InstrumentName;
  readonly #chart: Chart;
  readonly #sell = element("button", "price");
  readonly #buy = element("button", "price");
  readonly #change = element("span", "change");
  #first: number | undefined;
  #last: Quote | undefined;
  /** Quotes that this page should have seen and has not: there are none. */
  #missed = 0;

  constructor(name: InstrumentName, absences: readonly Absence[], onOrder: (side: Order["side"]) => void) {
    this.#name = name;
    this.#chart = new Chart(absences);
    this.#sell.addEventListener("click", () => onOrder("sell"));
    this.#buy.addEventListener("click", () => onOrder("buy"));
    this.element = element(
      "article",
      "tile",
      element("header", "", element("h2", "", symbolText(name)), this.#change),
      this.#chart.element,
      element("div", "prices", this.#sell, this.#buy),
    );
    this.element.dataset["symbol"] = name;
  }

  get missed(): number {
    return this.#missed;
  }

  show(quote: Quote, time: number): void {
    if (this.#last !== undefined) this.#missed += Math.abs(quote.tick - this.#last.tick - 1);
    const middle = (quote.bid + quote.ask) / 2;
    this.#first ??= middle;
    this.#chart.add(time, middle);
    paintPrice(this.#sell, "Sell", priceParts(this.#name, quote.bid), quote.bid - (this.#last?.bid ?? quote.bid));
    paintPrice(this.#buy, "Buy", priceParts(this.#name, quote.ask), quote.ask - (this.#last?.ask ?? quote.ask));
    const percent = (middle / this.#first - 1) * 100;
    this.#change.textContent = `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(3)} %`;
    this.#change.dataset["move"] = percent < 0 ? "down" : "up";
    this.element.dataset["tick"] = String(quote.tick);
    this.#last = quote;
  }
}

function paintPrice(
  button: HTMLElement,
  label: string,
  [head, big, tail]: readonly [string, string, string],
  move: number,
): void {
  button.replaceChildren(element("small", "", label), element("span", "", head, element("b", "", big), tail));
  if (move !== 0) button.dataset["move"] = move < 0 ? "down" : "up";
}
