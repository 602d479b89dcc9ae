import { defineContract } from "@hawser/protocol";
import { z } from "zod";

/** What is traded: where its price begins, and how many digits it is told with. */
export const instruments = {
  EURUSD: { start: 1.0831, digits: 5 },
  GBPUSD: { start: 1.2714, digits: 5 },
  AUDUSD: { start: 0.6592, digits: 5 },
  USDJPY: { start: 151.32, digits: 3 },
  USDCHF: { start: 0.8816, digits: 5 },
  XAUUSD: { start: 2034.5, digits: 2 },
} as const;

/** The name of an instrument. */
export type InstrumentName = keyof typeof instruments;

/** The names of all instruments, in the order of the screen. */
export const instrumentNames = Object.keys(instruments) as readonly InstrumentName[];

const symbol = z.enum(instrumentNames);
const side = z.enum(["buy", "sell"]);
const quantity = z.number().int().min(1_000).max(5_000_000);
const price = z.number().positive();

/** `tick` counts the quotes of an instrument, so that the page can prove that it has seen each of them. */
const quote = z.object({ tick: z.number().int(), bid: price, ask: price });
const trade = z.object({ symbol, side, quantity, price });
const order = z.object({ order: z.uuid(), symbol, side, quantity });
const fill = order.extend({ price });

/** The newest price of an instrument. */
export type Quote = z.infer<typeof quote>;
/** A trade among others, on the tape. */
export type Trade = z.infer<typeof trade>;
/** What a trader asks for; he gives it its number. */
export type Order = z.infer<typeof order>;
/** What became of an order. */
export type Fill = z.infer<typeof fill>;

/** What the screen and its server say to each other. */
export const contract = defineContract({
  channels: {
    "quote.{symbol}": { message: quote },
    tape: { message: trade },
    $inbox: { message: fill },
  },
  calls: {
    order: { request: order, reply: fill },
  },
});
