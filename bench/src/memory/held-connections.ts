import { PinnedProcess } from "../processes/pinned-process.ts";
import type {
  ClientsCommand,
  ClientsReply,
  Memory,
  MemoryServerCommand,
  MemoryServerReply,
  Speech,
} from "./messages.ts";

/** Whose memory is measured. */
export interface Holder {
  readonly name: string;
  /** The module of its server. */
  readonly server: string;
  readonly speech: Speech;
}

/** What one connection costs the process of the server, in KiB. */
export interface PerConnection {
  /** What the system counts, and pays for. */
  readonly residentKiB: number;
  /** Of that, in the heap of the engine. */
  readonly heapKiB: number;
  /** Of that, in buffers outside of it. */
  readonly externalKiB: number;
}

/** Connections that come and go first, so that code and pools that all will share are there. */
const warmUpConnections = 500;
const cores = { server: 0, clients: 1 };

/** Opens connections to a server that was just started, leaves them alone for `idleMs`, and says what one costs. */
export async function measure(holder: Holder, connections: number, idleMs: number): Promise<PerConnection> {
  const server = new PinnedProcess<MemoryServerCommand, MemoryServerReply>(holder.server, cores.server);
  const clients = new PinnedProcess<ClientsCommand, ClientsReply>("memory/clients.js", cores.clients);
  try {
    const listening = await server.ask({ type: "listen" });
    if (listening.type !== "listening") throw new Error(`${holder.name} answered ${listening.type}`);
    const open = { type: "open", speech: holder.speech, port: listening.port } as const;
    await clients.ask({ ...open, connections: warmUpConnections });
    await clients.ask({ type: "close" });
    await new Promise((resolve) => setTimeout(resolve, idleMs));
    const before = await memoryOf(server);
    await clients.ask({ ...open, connections });
    await new Promise((resolve) => setTimeout(resolve, idleMs));
    const after = await memoryOf(server);
    const each = (part: keyof Memory): number => (after[part] - before[part]) / connections / 1024;
    return { residentKiB: each("residentBytes"), heapKiB: each("heapBytes"), externalKiB: each("externalBytes") };
  } finally {
    await Promise.all([server.stop(), clients.stop()]);
  }
}

async function memoryOf(server: PinnedProcess<MemoryServerCommand, MemoryServerReply>): Promise<Memory> {
  const reply = await server.ask({ type: "memory" });
  if (reply.type !== "memory") throw new Error(`a server answered ${reply.type}`);
  return reply.memory;
}
