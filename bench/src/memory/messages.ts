/** What the benchmark asks a server whose memory is measured. */
export type MemoryServerCommand = { readonly type: "listen" } | { readonly type: "memory" };

export type MemoryServerReply =
  | { readonly type: "listening"; readonly port: number }
  | { readonly type: "memory"; readonly memory: Memory };

/** Bytes of a process, after what is garbage was collected. */
export interface Memory {
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** Buffers, which are not in the heap of the engine. */
  readonly externalBytes: number;
}

export type Speech = "hawser" | "plain" | "socket.io";

/** What it asks the process of the clients. */
export interface OpenCommand {
  readonly type: "open";
  readonly speech: Speech;
  readonly port: number;
  readonly connections: number;
}

export type ClientsCommand = OpenCommand | { readonly type: "close" };

export interface ClientsReply {
  readonly type: "open" | "closed";
}
