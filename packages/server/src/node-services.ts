import type { Codec } from "@hawser/protocol";
import type { SendWindowLimits } from "./connection/send-window.ts";
import type { TurnTime } from "./connection/turn-time.ts";
import type { SessionRates } from "./connection/session-rates.ts";
import type { Channels } from "./delivery/channels.ts";
import type { Encoding } from "./delivery/block.ts";
import type { CallHandler, NodeOptions } from "./node-options.ts";
import type { NodePresence } from "./presence/node-presence.ts";
import type { Appender } from "./publish/appender.ts";
import type { Framing } from "./transport/transport.ts";

/** What the parts of one node share. */
export interface NodeServices extends Omit<NodeOptions, "calls" | "cluster"> {
  readonly calls: ReadonlyMap<string, CallHandler>;
  readonly channels: Channels;
  readonly appender: Appender;
  readonly presence: NodePresence;
  readonly encodings: Encodings;
  readonly sessionRates: SessionRates;
  /** The clock's monotonic time. */
  readonly now: () => number;
  readonly windowLimits: SendWindowLimits;
  readonly turnTime: TurnTime;
}

/** One object for each pair of codec and framing, so that connections of a pair find each other's bytes. */
export class Encodings {
  readonly #known: Encoding[] = [];

  of(codec: Codec, framing: Framing): Encoding {
    const found = this.#known.find((known) => known.codec === codec && known.framing === framing);
    if (found !== undefined) return found;
    const made = { codec, framing };
    this.#known.push(made);
    return made;
  }
}
