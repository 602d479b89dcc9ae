import { portLine } from "./line.ts";
import type { Line, ToHost, ToTab } from "./line.ts";
import type { SharedWorkerLike } from "./platform.ts";
import type { Route } from "./route.ts";

/** Each stream asks for the worker anew: that gives a port to the one that runs, and starts it again when it has died. */
export class WorkerRoute implements Route {
  readonly #worker: () => SharedWorkerLike;
  readonly #onFailed: () => void;

  /** @param onFailed the worker cannot be had: its script is not there, or not allowed, or does not answer. */
  constructor(worker: () => SharedWorkerLike, onFailed: () => void) {
    this.#worker = worker;
    this.#onFailed = onFailed;
  }

  newLine(): Line<ToHost, ToTab> {
    try {
      const worker = this.#worker();
      worker.onerror = () => this.#onFailed();
      // Whoever has answered was there: what goes wrong later is not the way's fault.
      return portLine(worker.port, () => (worker.onerror = null));
    } catch {
      // The stream finds nobody on this line, and the next one takes another way.
      return { onMessage: undefined, post: () => {}, close: () => {} };
    }
  }

  onUnanswered(): boolean {
    this.#onFailed();
    return false;
  }

  close(): void {}
}
