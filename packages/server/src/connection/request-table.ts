import type { Timer } from "@hawser/protocol";

/** A request that the connection works on. */
export interface Request {
  /** For calls: ends the handler's work. */
  abort?: (reason: "cancelled" | "deadline" | "closed") => void;
  deadline?: Timer;
}

/** The requests of one connection that are not answered yet (CON-14, CON-15). */
export class RequestTable {
  readonly #max: number;
  readonly #requests = new Map<number, Request>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#requests.size;
  }

  /** Takes a request on. `refused`: too many are in flight; `invalid`: id 0 or in use. */
  begin(id: number): "begun" | "refused" | "invalid" {
    if (id === 0 || this.#requests.has(id)) return "invalid";
    if (this.#requests.size >= this.#max) return "refused";
    this.#requests.set(id, {});
    return "begun";
  }

  find(id: number): Request | undefined {
    return this.#requests.get(id);
  }

  /** Whether it was still open: each request is answered once. */
  end(id: number): boolean {
    const request = this.#requests.get(id);
    if (request === undefined) return false;
    request.deadline?.cancel();
    this.#requests.delete(id);
    return true;
  }

  /** The connection is gone: handlers are told, nobody is answered. */
  abortAll(): void {
    for (const request of this.#requests.values()) {
      request.deadline?.cancel();
      request.abort?.("closed");
    }
    this.#requests.clear();
  }
}
