import { instrumentNames, instruments } from "./contract.ts";
import type { InstrumentName, Quote, Trade } from "./contract.ts";

/** Prices that walk at random: in place of a market. */
export class Market {
  readonly #quotes = new Map<InstrumentName, Quote>();

  constructor() {
    for (const name of instrumentNames) this.#quotes.set(name, quoteAround(name, instruments[name].start, 1));
  }

  quote(name: InstrumentName): Quote {
    const quote = this.#quotes.get(name);
    if (quote === undefined) throw new Error(`${name} is not traded here`);
    return quote;
  }

  /** Moves one price by a few of its smallest steps, and returns the new quote. */
  move(name: InstrumentName): Quote {
    const { bid, ask, tick } = this.quote(name);
    const { start } = instruments[name];
    const middle = (bid + ask) / 2;
    // A little pull back to the start keeps a screen that was left open all night readable.
    const step = start * 0.00012 * (Math.random() + Math.random() + Math.random() - 1.5) + (start - middle) * 0.002;
    const next = quoteAround(name, middle + step, tick + 1);
    this.#quotes.set(name, next);
    return next;
  }

  /** A trade of two others, at the present price. */
  trade(name: InstrumentName): Trade {
    const side = Math.random() < 0.5 ? "buy" : "sell";
    const { bid, ask } = this.quote(name);
    return {
      symbol: name,
      side,
      quantity: 50_000 * (1 + Math.floor(Math.random() * 20)),
      price: side === "buy" ? ask : bid,
    };
  }
}

function quoteAround(name: InstrumentName, middle: number, tick: number): Quote {
  const { start, digits } = instruments[name];
  const half = start * 0.00004;
  return { tick, bid: Number((middle - half).toFixed(digits)), ask: Number((middle + half).toFixed(digits)) };
}
