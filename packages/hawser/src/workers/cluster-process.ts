import cluster from "node:cluster";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { closeHandedOver } from "./handed-over.ts";
import { logPipe } from "./worker-contract.ts";
import type { WorkerProcess } from "./worker-pool.ts";

const entry = fileURLToPath(new URL("./worker-process.js", import.meta.url));

/**
 * Starts workers with `node:cluster`: this process listens, and hands each connection to the next worker (round robin).
 *
 * @param takePipe is given this process's end of each worker's pipe to the log.
 */
export function clusterFork(takePipe: (pipe: Socket) => void): () => WorkerProcess {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ exec: entry, args: [], stdio: ["ignore", "inherit", "inherit", "ipc", "pipe"] });
  return () => {
    const worker = cluster.fork();
    const { process: child } = worker;
    closeHandedOver(child);
    const ends: ((how: string) => void)[] = [];
    let ended = false;
    const end = (how: string): void => {
      if (ended) return;
      ended = true;
      for (const tell of ends) tell(how);
    };
    worker.on("exit", (code, signal) => end(signal ?? `exit code ${code}`));
    // It could not be started, or not be killed; the latter is no end.
    worker.on("error", (error: Error) => {
      if (child.pid === undefined) end(error.message);
    });
    const pipe = child.stdio[logPipe] as Socket | null | undefined;
    if (pipe !== null && pipe !== undefined) takePipe(pipe);
    return {
      pid: child.pid,
      // One that has just ended has no use for it.
      send: (message) => void (worker.isConnected() && worker.send(message, undefined, () => {})),
      onMessage: (listener) => void worker.on("message", (message: unknown) => listener(message)),
      onEnd: (listener) => void ends.push(listener),
      release: () => void (child.connected && child.disconnect()),
      kill: () => void child.kill("SIGKILL"),
    };
  };
}
