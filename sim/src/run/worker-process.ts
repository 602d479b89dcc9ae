import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { SeedResult } from "./run-seed.ts";
import type { Order, Report } from "./worker.ts";

/** Young garbage is what a run makes: a larger nursery spares a tenth of the time. */
const nurseryMegabytes = 32;

export interface WorkerHandlers {
  readonly onSeed: (result: SeedResult) => void;
  /** It waits for an order. */
  readonly onIdle: (worker: WorkerProcess) => void;
  /** It ended, and was not told to. */
  readonly onDied: (how: string) => void;
}

/** A process that runs seeds: one core of the machine. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  #stopped = false;

  /** @param file - The worker's program. */
  constructor(file: string, { onSeed, onIdle, onDied }: WorkerHandlers) {
    this.#child = fork(file, { execArgv: [`--max-semi-space-size=${nurseryMegabytes}`] });
    this.#child.on("message", (report: Report) => {
      if (this.#stopped) return;
      if (report.kind === "seed") onSeed(report.result);
      else onIdle(this);
    });
    this.#child.on("exit", (code, signal) => {
      if (!this.#stopped) onDied(`a worker ended with ${signal ?? code}`);
    });
  }

  run(order: Order): void {
    this.#child.send(order);
  }

  stop(): void {
    this.#stopped = true;
    this.#child.kill();
  }
}
