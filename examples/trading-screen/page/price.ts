import { instruments } from "../contract.ts";
import type { InstrumentName } from "../contract.ts";

/** A price as dealers write it: small, the two digits that matter, small. */
export function priceParts(name: InstrumentName, price: number): readonly [string, string, string] {
  const { digits } = instruments[name];
  const text = price.toFixed(digits);
  const end = text.length - (digits % 2);
  return [text.slice(0, end - 2), text.slice(end - 2, end), text.slice(end)];
}

/** A price with all its digits. */
export function priceText(name: InstrumentName, price: number): string {
  return price.toFixed(instruments[name].digits);
}

/** 1,500,000 as `1.5m`, 50,000 as `50k`. */
export function quantityText(quantity: number): string {
  return quantity >= 1_000_000 ? `${quantity / 1_000_000}m` : `${quantity / 1_000}k`;
}

/** `EURUSD` as `EUR/USD`. */
export function symbolText(name: InstrumentName): string {
  return `${name.slice(0, 3)}/${name.slice(3)}`;
}
