import { answer } from "../processes/child.ts";
import { collectedMemory } from "./collected-memory.ts";
import type { MemoryServerCommand, MemoryServerReply } from "./messages.ts";

/** Runs a server as a child of the benchmark. `listen` resolves with the port. */
export function serve(listen: () => Promise<number>): void {
  answer<MemoryServerCommand, MemoryServerReply>(async (command) => {
    if (command.type === "listen") return { type: "listening", port: await listen() };
    return { type: "memory", memory: await collectedMemory() };
  });
}
