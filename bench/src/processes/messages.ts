/** What the benchmark asks the process that makes the load, and what it answers. */
export interface LoadStart {
  readonly type: "start";
  readonly dialect: "hawser" | "socket.io" | "plain" | "joined";
  readonly port: number;
  readonly subscribers: number;
  readonly payloadBytes: number;
}

export interface LoadMeasure {
  readonly type: "measure";
  /** Messages in flight: published, and not yet read by every subscriber. */
  readonly window: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
}

export type LoadCommand = LoadStart | LoadMeasure;

export interface Measurement {
  readonly deliveriesPerSecond: number;
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
