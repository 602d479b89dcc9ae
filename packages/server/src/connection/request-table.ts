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
  /** Made with the first request, and let go of by a sweep that finds none. */
  #requests: Map<number, Request | undefined> | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#requests?.size ?? 0;
  }

  /** Takes a request on. `refused`: too many are in flight; `invalid`: id 0 or in use. */
  begin(id: number): "begun" | "refused" | "invalid" {
    const requests = (this.#requests ??= new Map<number, Request | undefined>());
    if (id === 0 || requests.has(id)) return "invalid";
    if (requests.size >= this.#max) return "refused";
    requests.set(id, undefined);
    return "begun";
  }

  /** The request, if it is open. Most need nothing but their number, and so have no object before this. */
  find(id: number): Request | undefined {
    if (this.#requests?.has(id) !== true) return undefined;
    const request = this.#requests.get(id) ?? {};
    this.#requests.set(id, request);
    return request;
  }

  /** Whether it was still open: each request is answered once. */
  end(id: number): boolean {
    const request = this.#requests?.get(id);
    if (this.#requests?.delete(id) !== true) return false;
    request?.deadline?.cancel();
    return true;
  }

  /** The connection is gone: handlers are told, nobody is answered. */
  abortAll(): void {
    for (const request of this.#requests?.values() ?? []) {
      request?.deadline?.cancel();
      request?.abort?.("closed");
    }
    this.#requests = undefined;
  }

  /** Called from time to time: most connections have no request in flight most of the time. */
  sweep(): void {
    if (this.size === 0) this.#requests = undefined;
  }
}
