import type { Client } from "@hawser/client";
import { poolsOf, withRates } from "../model/gateway-facts.ts";
import type { PoolFacts } from "../model/gateway-facts.ts";

/** What a gateway answers with its pools; other servers do not know it. */
const method = "hawser.gateway";

type State = "asking" | "idle" | "unknown";

/** Asks the server for the pools of its gateway, if it has one that this user may see. */
export class GatewayWatch {
  readonly #client: Pick<Client, "call" | "status">;
  readonly #changed: () => void;
  #state: State = "idle";
  #pools: readonly PoolFacts[] | undefined;
  #at = 0;

  constructor(client: Pick<Client, "call" | "status">, changed: () => void) {
    this.#client = client;
    this.#changed = changed;
  }

  /** `undefined`: there is no gateway, or nothing was heard of it yet. */
  get pools(): readonly PoolFacts[] | undefined {
    return this.#pools;
  }

  /** Asks once more, unless an answer is awaited or there is nobody to ask. To be called every second while somebody looks. */
  look(): void {
    if (this.#state !== "idle" || this.#client.status.state !== "connected") return;
    this.#state = "asking";
    this.#client.call(method, null, { idempotent: true }).then(
      (reply) => {
        this.#take(poolsOf(reply));
        this.#state = this.#pools === undefined ? "unknown" : "idle";
        this.#changed();
      },
      (error: unknown) => {
        const { code } = error as { readonly code?: unknown };
        this.#state = code === "method-unknown" || code === "forbidden" ? "unknown" : "idle";
      },
    );
  }

  #take(pools: readonly PoolFacts[] | undefined): void {
    const now = performance.now();
    this.#pools = pools && this.#pools ? withRates(pools, this.#pools, now - this.#at) : pools;
    this.#at = now;
  }
}
