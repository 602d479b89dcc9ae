import { Socket } from "node:net";
import { logPipe } from "./worker-contract.ts";
import { Worker } from "./worker.ts";

/** The process of a worker; the primary starts it. */

// A terminal and a service manager send their signals to every process of the command: the primary alone acts on them.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
// The primary is gone, or is done with this one: whatever it was, nobody keeps the log any more.
process.once("disconnect", () => process.exit());
// Who read the lines has gone.
process.stderr.on("error", () => {});

void new Worker({
  port: {
    // The primary may have gone just now, which `disconnect` tells.
    send: (message) => void (process.connected && process.send?.(message, undefined, undefined, () => {})),
    onMessage: (listener) => void process.on("message", listener),
  },
  openLogPipe: () => new Socket({ fd: logPipe }),
  world: { stderr: process.stderr, environment: process.env, folder: process.cwd() },
  onLogLost: () => process.exit(1),
});
