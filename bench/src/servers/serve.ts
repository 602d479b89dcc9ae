import { performance } from "node:perf_hooks";
import { answer } from "../processes/child.ts";
import type { ServerCommand, ServerReply } from "../processes/messages.ts";

/** Runs a server as a child of the benchmark. `listen` resolves with the port. */
export function serve(listen: () => Promise<number>): void {
  answer<ServerCommand, ServerReply>(async (command) => {
    if (command.type === "listen") return { type: "listening", port: await listen() };
    const { user, system } = process.cpuUsage();
    return {
      type: "usage",
      usage: {
        cpuMs: (user + system) / 1000,
        atMs: performance.now(),
        residentBytes: process.memoryUsage.rss(),
      },
    };
  });
}
