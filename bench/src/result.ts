/** What is to be reached, and what was. */
export interface Aim {
  readonly name: string;
  readonly aim: number;
  readonly value: number;
  readonly met: boolean;
}

export interface BenchmarkResult {
  readonly bench: string;
  /** By contender; every contender has the same figures. */
  readonly figures: Readonly<Record<string, object>>;
  /** Hawser's main figure by that of each peer. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly aims: readonly Aim[];
}

/** Measures each contender for `seconds`, and says on `log` how far it is. */
export type Benchmark = (seconds: number, log: (line: string) => void) => Promise<BenchmarkResult>;

export function atLeast(name: string, aim: number, value: number): Aim {
  return { name, aim, value: rounded(value), met: value >= aim };
}

export function atMost(name: string, aim: number, value: number): Aim {
  return { name, aim, value: rounded(value), met: value <= aim };
}

/** Three significant digits: more would say what was not measured. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
