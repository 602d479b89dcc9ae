import type { LoadStart } from "../processes/messages.ts";

export interface Peer {
  readonly name: string;
  /** The module of its server. */
  readonly server: string;
  readonly dialect: LoadStart["dialect"];
}

export const hawser: Peer = { name: "hawser", server: "servers/hawser.js", dialect: "hawser" };

/** What Hawser is measured against. */
export const peers: readonly Peer[] = [
  { name: "socket.io", server: "servers/socket-io.js", dialect: "socket.io" },
  { name: "ws", server: "servers/ws-loop.js", dialect: "plain" },
  { name: "ws-joined", server: "servers/ws-joined.js", dialect: "joined" },
];
