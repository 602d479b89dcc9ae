/** What passed in one direction of a virtual socket. */
export interface SocketCounts {
  readonly bytes: number;
  /** Whole messages. */
  readonly messages: number;
}

/** What is known of one virtual socket when it is over. */
export interface SocketRecord {
  /** When it was opened, in milliseconds since 1970. */
  readonly at: number;
  readonly pool: string;
  /** What was asked for behind the target's own path, without its query: people put tokens there. */
  readonly path: string;
  readonly user: string;
  readonly session: string;
  /** The client's address as it was when it opened the socket; "": not known. */
  readonly address: string;
  /** The subprotocol that the upstream chose; "": none. */
  readonly subprotocol: string;
  /** The code that the client was told, or would have been; 1005: a close frame without one. */
  readonly code: number;
  /** How often its client came back over another connection. */
  readonly moves: number;
  readonly durationMs: number;
  readonly fromClient: SocketCounts;
  readonly fromUpstream: SocketCounts;
}
