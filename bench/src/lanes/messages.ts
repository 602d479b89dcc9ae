/** What is asked of the process between the two ends, and what it answers. */
export type RelayCommand =
  | { readonly type: "carry"; readonly bytesPerSecond: number; readonly queueBytes: number; readonly delayMs: number }
  /** What was since the last time it was asked. */
  | { readonly type: "report" };

export type RelayReply =
  | { readonly type: "carrying" }
  | {
      readonly type: "report";
      /** Packets that the queue towards the client did not hold. */
      readonly dropped: number;
      readonly longestQueueBytes: number;
      /** How late a packet came out at most: the machine's doing, not the path's. */
      readonly lateMs: number;
    };

/** `ws-waits` is `ws` with a server that heeds back-pressure: it gives the socket more when it has taken what it was given. */
export type ServerKind = "hawser" | "ws" | "ws-waits";

export type ServerCommand =
  | { readonly type: "listen"; readonly host: string }
  /** Small messages every so often, and a bulk transfer that does not end, to whoever is connected. */
  | {
      readonly type: "start";
      readonly kind: ServerKind;
      readonly run: string;
      readonly everyMs: number;
      /** Bytes a second that the bulk transfer has to send, more than the path carries. */
      readonly bulkBytesPerSecond: number;
    }
  | { readonly type: "stop" };

export type ServerReply =
  | { readonly type: "listening"; readonly ports: Readonly<Record<ServerKind, number>> }
  | { readonly type: "started" }
  | { readonly type: "stopped"; readonly sent: number };

export type ReceiverCommand =
  | { readonly type: "connect"; readonly kind: ServerKind; readonly run: string; readonly url: string }
  | { readonly type: "measure"; readonly durationMs: number }
  | { readonly type: "close" };

export interface Received {
  readonly small: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
  readonly bulkMbitPerSecond: number;
  /** Small messages that came out of their order, or of which one before was missing. */
  readonly faults: number;
}

export type ReceiverReply =
  | { readonly type: "connected" }
  | { readonly type: "measured"; readonly received: Received }
  | { readonly type: "closed" };

/** Bytes of one message of the bulk transfer. */
export const bulkMessageBytes = 4_096;

/** A small message: when it was sent, by the monotonic clock that all processes of a machine share, and which it is. */
export interface Small {
  readonly sentAtMs: number;
  readonly number: number;
  readonly padding: string;
}

/** Milliseconds of that clock. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
