import { portLine } from "./line.ts";
import type { Line, ToHost, ToTab } from "./line.ts";
import type { SharedWorkerLike } from "./platform.ts";
import type { Route } from "./route.ts";

/** Each stream asks for the worker anew: that gives a port to the one that runs, and starts it again when it has died. */
export class WorkerRoute implements Route {
  readonly #worker: () => SharedWorkerLike | undefined;
  readonly #onFailed: () => void;

  /** @param onFailed the worker's script is not there, or not allowed, or does not answer. */
  constructor(worker: () => SharedWorkerLike | undefined, onFailed: () => void) {
    this.#worker = worker;
    this.#onFailed = onFailed;
  }

  newLine(): Line<ToHost, ToTab> | undefined {
    const worker = this.#make();
    if (worker === undefined) return undefined;
    worker.onerror = this.#onFailed;
    // Whoever has answered was there: what goes wrong later is not the way's fault.
    return portLine(worker.port, () => (worker.onerror = null));
  }

  onUnanswered(): boolean {
    this.#onFailed();
    return false;
  }

  close(): void {}

  /** Pages may be forbidden to make workers, or have none. */
  #make(): SharedWorkerLike | undefined {
    try {
      return this.#worker();
    } catch {
      return undefined;
    }
  }
}
