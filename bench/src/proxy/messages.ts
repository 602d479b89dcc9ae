/** What the benchmark asks the process that makes the load, and what it answers. */
export type LoadCommand =
  | {
      readonly type: "connect";
      readonly port: number;
      readonly connections: number;
      readonly payloadBytes: number;
      /** By virtual sockets of one client of Hawser's, in the place of connections. */
      readonly virtual: boolean;
    }
  | {
      readonly type: "measure";
      readonly pace: Pace;
      readonly warmUpMs: number;
      readonly durationMs: number;
      /** Latencies are told of the turns before, too, since the connections were made. */
      readonly further: boolean;
    }
  | { readonly type: "disconnect" };

export type Pace =
  /** Each connection sends its next message when the one before has come back. */
  | { readonly kind: "saturate" }
  /** Evenly, each on the next connection that has its message back. */
  | { readonly kind: "rate"; readonly messagesPerSecond: number };

export interface Measurement {
  readonly messagesPerSecond: number;
  /** From a message's write to the read of its last byte. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the load by wall time; 1 is a whole core. */
  readonly loadCpu: number;
}

export type LoadReply =
  | { readonly type: "connected" }
  | { readonly type: "measured"; readonly measurement: Measurement }
  | { readonly type: "disconnected" };

/** What the benchmark asks a server that is a process of Node. */
export interface EchoCommand {
  readonly type: "listen";
  /** Of a gateway: the port of the server behind it. */
  readonly target?: number;
  /** Of a gateway: that of a server behind the pool `last`. Default: it is as all the others. */
  readonly last?: number;
  /** Of a server: it takes nothing that is said. */
  readonly deaf?: boolean;
}

export interface EchoReply {
  readonly type: "listening";
  readonly port: number;
  readonly pid: number;
}
