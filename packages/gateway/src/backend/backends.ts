import { createHash } from "node:crypto";
import type { Clock, Random, Timers } from "@hawser/protocol";
import type { Logger } from "@hawser/server";
import { Backend } from "./backend.ts";
import type { BackendObserver } from "./backend.ts";
import { backendSettings } from "./backend-options.ts";
import type { BackendOptions } from "./backend-options.ts";
import type { Pushed } from "./backend-socket.ts";
import type { Poster } from "./http-post.ts";
import type { Reply } from "./reply.ts";

export interface BackendsOptions {
  /** The name of this node, of which the ids of its sockets tell. */
  readonly node: string;
  readonly poster: Poster;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly observer: BackendObserver;
}

/** Hexadecimal digits of a socket's id that say which node holds it. */
const nodeDigits = 12;
const randomBytes = 16;

/** The HTTP back ends of a gateway, by the name of their pool, and the sockets to them. */
export class Backends {
  readonly #options: BackendsOptions;
  readonly #backends = new Map<string, Backend>();
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(options: BackendsOptions) {
    this.#options = options;
  }

  get(pool: string): Backend | undefined {
    return this.#backends.get(pool);
  }

  [Symbol.iterator](): IterableIterator<Backend> {
    return this.#backends.values();
  }

  /**
   * Adds a back end, or gives another its options: its sockets stay.
   *
   * @throws HawserError `option-invalid`.
   */
  put(pool: string, options: BackendOptions, at: string): void {
    const settings = backendSettings(options, at);
    const existing = this.#backends.get(pool);
    if (existing === undefined)
      this.#backends.set(
        pool,
        new Backend(pool, settings, { ...this.#options, underWay: this.#underWay, newId: () => this.#newId() }),
      );
    else existing.reconfigure(settings);
  }

  /** Ends its sockets. False: there was none. */
  remove(pool: string): boolean {
    const backend = this.#backends.get(pool);
    this.#backends.delete(pool);
    backend?.close("The back end was removed.");
    return backend !== undefined;
  }

  /** Has replies for a socket that this node holds. */
  push(socket: string, replies: readonly Reply[]): Pushed {
    for (const backend of this) {
      const found = backend.find(socket);
      if (found !== undefined) return found.push(replies);
    }
    return "gone";
  }

  /** Which node holds the socket, as far as its id says: what `nodeMark` gives for its name. `undefined`: this is no id. */
  markOf(socket: string): string | undefined {
    return /^[\da-f]+$/.test(socket) && socket.length === nodeDigits + randomBytes * 2
      ? socket.slice(0, nodeDigits)
      : undefined;
  }

  /** Ends all sockets, and resolves when the back ends have been told. */
  async close(): Promise<void> {
    for (const backend of this) backend.close("The gateway closes.");
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #newId(): string {
    return nodeMark(this.#options.node) + Buffer.from(this.#options.random.bytes(randomBytes)).toString("hex");
  }
}

/** By what the ids of a node's sockets begin. */
export function nodeMark(node: string): string {
  return createHash("sha256").update(node).digest("hex").slice(0, nodeDigits);
}
