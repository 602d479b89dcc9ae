import { answer } from "../processes/child.ts";
import type { StreamCommand, StreamReply } from "./messages.ts";

export interface StreamServer {
  readonly port: number;
  readonly publish: (text: string) => void;
}

/** About as long as a message of a chat. */
const payload = "x".repeat(90);

/** Runs a server of the benchmark as a child of it. Messages are numbered from 0, and spread evenly over time. */
export function serveStream(
  listen: (options: { readonly socket: string; readonly owner: boolean }) => Promise<StreamServer>,
): void {
  let server: StreamServer | undefined;
  let pace: NodeJS.Timeout | undefined;
  let published = 0;
  answer<StreamCommand, StreamReply>(async (command) => {
    if (command.type === "listen") {
      server = await listen(command);
      return { type: "listening", port: server.port };
    }
    if (command.type === "stop") {
      clearInterval(pace);
      return { type: "stopped", published };
    }
    const begun = performance.now();
    const perMs = command.messagesPerSecond / 1_000;
    pace = setInterval(() => {
      const due = Math.floor((performance.now() - begun) * perMs);
      for (; published < due; published += 1) server?.publish(`${published} ${payload}`);
    }, 1);
    return { type: "going" };
  });
}
