import { defineContract } from "@hawser/protocol";
import { z } from "zod";

const order = z.object({ order: z.number().int(), cents: z.number().int() });

/** What stands in the channel `orders`. */
export type Order = z.infer<typeof order>;

/** The one channel of this example. */
export const contract = defineContract({ channels: { orders: { message: order } } });
