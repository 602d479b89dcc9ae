import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { LoadStart } from "../processes/messages.ts";

export interface Peer {
  readonly name: string;
  /** The module of its server. */
  readonly server: string;
  /** What runs it, if not this Node. */
  readonly program?: string;
  readonly dialect: LoadStart["dialect"];
}

/** Where npm has brought Bun for this platform. */
function bunProgram(): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("@oven/bun-linux-x64/package.json")), "bin/bun");
  } catch {
    return undefined;
  }
}

const program = bunProgram();

export const hawser: Peer = { name: "hawser", server: "servers/hawser.js", dialect: "hawser" };
export const socketIo: Peer = { name: "socket.io", server: "servers/socket-io.js", dialect: "socket.io" };
/** None, where npm has no Bun for the platform. */
export const bun: readonly Peer[] =
  program === undefined ? [] : [{ name: "bun", server: "servers/bun.js", program, dialect: "plain" }];
export const ws: Peer = { name: "ws", server: "servers/ws-loop.js", dialect: "plain" };
export const wsJoined: Peer = { name: "ws-joined", server: "servers/ws-joined.js", dialect: "joined" };

/** The same with compression on. */
export const hawserDeflate: Peer = { ...hawser, server: "servers/hawser-deflate.js" };
export const socketIoDeflate: Peer = { ...socketIo, server: "servers/socket-io-deflate.js" };
export const wsDeflate: Peer = { ...ws, server: "servers/ws-deflate.js" };
