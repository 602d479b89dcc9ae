import type { Measurement } from "../proxy/messages.ts";

/** What the benchmark asks the process of the client, and what it answers. */
export type SocketsCommand =
  /** Opens sockets to nine pools, and to the pool `last` some that are kept full if it takes nothing. */
  | { readonly type: "open"; readonly port: number; readonly stalls: boolean }
  | { readonly type: "measure"; readonly warmUpMs: number; readonly durationMs: number }
  | { readonly type: "close" };

export type SocketsReply =
  | { readonly type: "opened" }
  | { readonly type: "measured"; readonly measurement: Measurement; readonly waitingBytes: number }
  | { readonly type: "closed" };
