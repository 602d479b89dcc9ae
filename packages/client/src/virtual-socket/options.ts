import { positiveOption } from "../option-invalid.ts";

/** How a virtual socket is opened. */
export interface VirtualSocketOptions {
  /** Added to the path of the upstream's own address, with a query if need be. Default "": nothing. */
  readonly path?: string;
  /**
   * How urgent it is: "interactive" goes ahead of others, "bulk" behind them; and over which of the client's connections
   * it goes, when there are some of that lane. Default "": normal, over any.
   */
  readonly lane?: string;
  /** Until it must be open, in milliseconds. Default 20,000. */
  readonly openTimeoutMs?: number;
  /** How much of what the upstream says may wait unread, in bytes (a message costs 32 more). Default 256 KiB. */
  readonly windowBytes?: number;
  /**
   * How many bytes may be sent and not confirmed, and how large a message may be that comes. Past it the socket ends, as
   * the standard has it for one that is full. Default 64 MiB.
   */
  readonly maxBufferedBytes?: number;
}

/** With their defaults. */
export type ResolvedSocketOptions = Required<VirtualSocketOptions>;

/** @throws HawserError `option-invalid` */
export function resolveVirtualSocketOptions(options: VirtualSocketOptions): ResolvedSocketOptions {
  const {
    path = "",
    lane = "",
    openTimeoutMs = 20_000,
    windowBytes = 262_144,
    maxBufferedBytes = 67_108_864,
  } = options;
  for (const [name, value] of Object.entries({ openTimeoutMs, windowBytes, maxBufferedBytes }))
    positiveOption(name, value);
  return { path, lane, openTimeoutMs, windowBytes, maxBufferedBytes };
}
