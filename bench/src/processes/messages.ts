/** What the benchmark asks the process that makes the load, and what it answers. */
export interface LoadStart {
  readonly type: "start";
  readonly dialect: "hawser" | "socket.io" | "plain" | "joined";
  readonly port: number;
  readonly subscribers: number;
  readonly channels: number;
  /** How many of the channels each subscriber reads. */
  readonly channelsEach: number;
  readonly payloadBytes: number;
  /** Payloads of JSON, and servers that compress what they send. Default false. */
  readonly compressed?: boolean;
}

/** When the next message is published. */
export type Pace =
  /** As soon as fewer than so many are published, and not yet read by every subscriber. */
  | { readonly kind: "window"; readonly messages: number }
  /** At even intervals, whatever becomes of them. */
  | { readonly kind: "rate"; readonly messagesPerSecond: number };

export interface LoadMeasure {
  readonly type: "measure";
  readonly pace: Pace;
  readonly warmUpMs: number;
  readonly durationMs: number;
}

export type LoadCommand = LoadStart | LoadMeasure;

export interface Measurement {
  readonly deliveriesPerSecond: number;
  /** That subscribers read from their sockets. */
  readonly bytesPerDelivery: number;
  /** From the publisher's write to the subscriber's read. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the load by wall time; 1 is a whole core. */
  readonly loadCpu: number;
}

export type LoadReply = { readonly type: "started" } | { readonly type: "measured"; readonly measurement: Measurement };

/** What the benchmark asks a server. */
export type ServerCommand = { readonly type: "listen" } | { readonly type: "usage" };

export type ServerReply =
  | { readonly type: "listening"; readonly port: number }
  | { readonly type: "usage"; readonly usage: Usage };

export interface Usage {
  /** Processor time since the process began. */
  readonly cpuMs: number;
  /** Wall time since some moment. */
  readonly atMs: number;
  readonly residentBytes: number;
}
