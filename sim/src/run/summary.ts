import type { SeedResult } from "./run-seed.ts";

/** Sums over many seeds, as they are printed at the end. */
export class Summary {
  readonly #delivered: number[] = [];
  readonly #kinds: number[] = [];
  readonly #faults = new Map<string, number>();
  #failed = 0;
  #published = 0;
  #lost = 0;
  #resets = 0;
  #leftOut = 0;
  #unknown = 0;
  #events = 0;
  #virtualMs = 0;

  add(result: SeedResult): void {
    this.#delivered.push(result.delivered);
    this.#kinds.push(result.faults.length);
    for (const [kind, count] of result.faults) this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + count);
    if (result.failure !== undefined) this.#failed += 1;
    this.#published += result.published;
    this.#lost += result.lost;
    this.#resets += result.resets;
    this.#leftOut += result.leftOut;
    this.#unknown += result.unknown;
    this.#events += result.events;
    this.#virtualMs += result.virtualMs;
  }

  toString(): string {
    const delivered = this.#delivered.reduce((sum, count) => sum + count, 0);
    const rows: [string, string | number][] = [
      ["seeds", this.#delivered.length],
      ["failed", this.#failed],
      ["virtual hours", (this.#virtualMs / 3_600_000).toFixed(1)],
      ["events", this.#events],
      ["published", this.#published],
      ["outcomes unknown", this.#unknown],
      ["delivered", delivered],
      ["delivered, median of seeds", median(this.#delivered)],
      ["intervals told as lost", this.#lost],
      ["resets", this.#resets],
      ["left out by conflation", this.#leftOut],
      ["kinds of fault, median of seeds", median(this.#kinds)],
      ...[...this.#faults]
        .sort(([one], [other]) => one.localeCompare(other))
        .map(([kind, count]): [string, number] => [`  ${kind}`, count]),
    ];
    const width = Math.max(...rows.map(([name]) => name.length));
    return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
