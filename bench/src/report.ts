import { rounded } from "./result.ts";
import type { BenchmarkResult } from "./result.ts";

/** A table for people: a row for each contender, a column for each figure. */
export function table({ figures }: BenchmarkResult): string {
  const rows = Object.entries(figures);
  const columns = Object.keys(rows[0]?.[1] ?? {});
  const lines = [
    ["", ...columns],
    ...rows.map(([name, row]) => [name, ...Object.values(row).map((value) => format(Number(value)))]),
  ];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))),
    )
    .map((line) => line.join("  "))
    .join("\n");
}

/** The result with figures rounded to what they mean, on one line. */
export function jsonLine(result: BenchmarkResult): string {
  return JSON.stringify(result, (_, value: unknown) => (typeof value === "number" ? rounded(value) : value));
}

function format(value: number): string {
  return rounded(value).toLocaleString("en-US");
}
