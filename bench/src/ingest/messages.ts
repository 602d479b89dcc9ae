/** What the benchmark asks the process that publishes, and what it answers. */
export type PublishersCommand = PublishersStart | PublishersMeasure;

export interface PublishersStart {
  readonly type: "start";
  readonly dialect: "hawser" | "socket.io";
  readonly port: number;
  readonly clients: number;
  /** Publishes of each client that wait for their acknowledgement. */
  readonly inFlight: number;
  readonly payloadBytes: number;
}

export interface PublishersMeasure {
  readonly type: "measure";
  readonly warmUpMs: number;
  readonly durationMs: number;
}

export interface PublishersMeasurement {
  readonly acknowledgedPerSecond: number;
  /** From the write of a publish to the read of its acknowledgement. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the load by wall time; 1 is a whole core. */
  readonly loadCpu: number;
}

export type PublishersReply =
  | { readonly type: "started" }
  | { readonly type: "measured"; readonly measurement: PublishersMeasurement };
