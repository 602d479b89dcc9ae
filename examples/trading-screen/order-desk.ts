import { HawserError } from "@hawser/protocol";
import type { Fill, Order } from "./contract.ts";
import type { Market } from "./market.ts";

const maxFills = 10_000;

/**
 * Fills orders at the market's price. An order that comes a second time, because the answer to the first was lost on
 * its way, gets the first one's answer: that is what makes the call `idempotent`.
 */
export class OrderDesk {
  readonly #market: Market;
  readonly #fills = new Map<string, Fill>();

  constructor(market: Market) {
    this.#market = market;
  }

  /** @returns the fill, and whether it is a new one. */
  take(user: string, order: Order): { readonly fill: Fill; readonly isNew: boolean } {
    const key = `${user} ${order.order}`;
    const known = this.#fills.get(key);
    if (known !== undefined) return { fill: known, isNew: false };
    if (this.#fills.size >= maxFills) throw new HawserError("app-desk-closed", "The desk takes no more orders today.");
    const { bid, ask } = this.#market.quote(order.symbol);
    const fill: Fill = { ...order, price: order.side === "buy" ? ask : bid };
    this.#fills.set(key, fill);
    return { fill, isNew: true };
  }
}
