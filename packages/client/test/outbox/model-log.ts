import { HawserError } from "@hawser/protocol";
import type { ErrorCode } from "@hawser/protocol";
import type { Attempt, Rejection } from "../../src/outbox/producer-chain.ts";

/** What a server answers to a publish. */
export type Answer = { readonly kind: "published" } | { readonly kind: "rejected"; readonly rejection: Rejection };

/** A `rejected` frame's content. */
export function refusal(code: ErrorCode, { retry = false, last = 0 } = {}): Rejection {
  return { error: new HawserError(code, code, { retry }), last };
}

/** One channel's log, which holds to PUB-1 to PUB-4 and to nothing else. */
export class ModelLog<Item> {
  readonly items: Item[] = [];
  readonly #last = new Map<string, number>();

  append({ producer, sequence, previous, item }: Attempt<Item>): Answer {
    const name = producer.join();
    const last = this.#last.get(name);
    if (last === undefined && previous > 0) return { kind: "rejected", rejection: refusal("producer-unknown") };
    if (previous === (last ?? 0)) {
      this.#last.set(name, sequence);
      this.items.push(item);
      return { kind: "published" };
    }
    if (sequence <= (last ?? 0)) return { kind: "published" };
    return { kind: "rejected", rejection: refusal("out-of-order", { retry: true, last: last ?? 0 }) };
  }

  /** The de-duplication window has passed for every producer. */
  forget(): void {
    this.#last.clear();
  }
}
