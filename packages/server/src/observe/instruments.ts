/** A number that only rises. */
export interface Counter {
  /** @param amount - Not negative. Default 1. */
  add(amount?: number): void;
}

/** Counters of one kind, told apart by one label. */
export interface CounterBy<Label extends string> {
  /** @param amount - Not negative. Default 1. */
  add(label: Label, amount?: number): void;
}

/** A number that rises and falls. */
export interface Gauge {
  /** @param amount - May be negative. */
  add(amount: number): void;
  set(value: number): void;
}

/** How often a measured value fell into each of some ranges. */
export interface Histogram {
  observe(value: number): void;
}

/** One family of the exposition format: everything that has one name. */
interface Family {
  readonly name: string;
  /** The lines of the family, each without its line feed. */
  lines(): string[];
}

/**
 * Makes instruments and writes them all in the Prometheus text format 0.0.4. One registry belongs to one server, and
 * nothing is global, so that two servers in a process do not mix.
 */
export class Registry {
  readonly #families: Family[] = [];
  readonly #maxLabels: number;

  /** @param maxLabels - Label values that one `CounterBy` keeps apart; further ones are counted as `other`. */
  constructor(maxLabels = 100) {
    this.#maxLabels = maxLabels;
  }

  /** @param read - Asked at each exposition instead of `add`. */
  counter(name: string, help: string, read?: () => number): Counter {
    let value = 0;
    this.#add(name, help, "counter", () => [`${name} ${formatNumber(read === undefined ? value : read())}`]);
    return { add: (amount = 1) => void (value += amount) };
  }

  /** @param known - Label values that are written from the start, as zero. */
  counterBy<Label extends string>(
    name: string,
    help: string,
    labelName: string,
    known: readonly Label[] = [],
  ): CounterBy<Label> {
    const values = new Map<string, number>(known.map((label) => [label, 0]));
    this.#add(name, help, "counter", () =>
      [...values].map(([label, value]) => `${name}{${labelName}="${escapeLabel(label)}"} ${value}`),
    );
    return {
      add: (label, amount = 1) => {
        const kept = values.has(label) || values.size < this.#maxLabels ? label : "other";
        values.set(kept, (values.get(kept) ?? 0) + amount);
      },
    };
  }

  /** @param read - Asked at each exposition instead of `add` and `set`. */
  gauge(name: string, help: string, read?: () => number): Gauge {
    let value = 0;
    this.#add(name, help, "gauge", () => [`${name} ${formatNumber(read === undefined ? value : read())}`]);
    return {
      add: (amount) => void (value += amount),
      set: (next) => void (value = next),
    };
  }

  /** @param bounds - Rising upper bounds of the ranges, each included in its range; `+Inf` is added. */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    const counts = bounds.map(() => 0);
    let count = 0;
    let sum = 0;
    this.#add(name, help, "histogram", () => {
      let below = 0;
      const lines = bounds.map((bound, index) => {
        below += counts[index] ?? 0;
        return `${name}_bucket{le="${bound}"} ${below}`;
      });
      return [
        ...lines,
        `${name}_bucket{le="+Inf"} ${count}`,
        `${name}_sum ${formatNumber(sum)}`,
        `${name}_count ${count}`,
      ];
    });
    return {
      observe: (value) => {
        count += 1;
        sum += value;
        const index = bounds.findIndex((bound) => value <= bound);
        if (index >= 0) counts[index] = (counts[index] ?? 0) + 1;
      },
    };
  }

  /** Everything, as `text/plain; version=0.0.4`. */
  expose(): string {
    return this.#families.map((family) => `${family.lines().join("\n")}\n`).join("");
  }

  #add(name: string, help: string, type: string, samples: () => string[]): void {
    this.#families.push({ name, lines: () => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples()] });
  }
}

function escapeLabel(label: string): string {
  return label.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}
