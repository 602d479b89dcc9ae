import { Counter } from "prom-client";
import type { Registry } from "prom-client";

export interface BoundedCounterOptions<Label extends string> {
  readonly registry: Registry;
  readonly name: string;
  readonly help: string;
  readonly labelName: string;
  /** Label values that are shown from the start, as zero. */
  readonly known?: readonly Label[];
  /** Label values that are kept apart; further ones are counted as `other`. Default 100. */
  readonly maxLabels?: number;
}

/** A counter by one label whose values come from outside in part, such as close codes: they must not grow without bound. */
export class BoundedCounter<Label extends string> {
  readonly #counter: Counter;
  readonly #maxLabels: number;
  /** The children by label, so that counting looks up no more than this. */
  readonly #children = new Map<string, Counter.Internal>();

  constructor(options: BoundedCounterOptions<Label>) {
    const { registry, name, help, labelName, known = [], maxLabels = 100 } = options;
    this.#counter = new Counter({ name, help, labelNames: [labelName], registers: [registry] });
    this.#maxLabels = maxLabels;
    for (const label of known) this.add(label, 0);
  }

  /** @param amount - Not negative. Default 1. */
  add(label: Label, amount = 1): void {
    const child = this.#children.get(label);
    if (child !== undefined) child.inc(amount);
    else if (this.#children.size < this.#maxLabels) this.#keep(label).inc(amount);
    else this.#counter.labels("other").inc(amount);
  }

  #keep(label: Label): Counter.Internal {
    const child = this.#counter.labels(label);
    this.#children.set(label, child);
    return child;
  }
}
