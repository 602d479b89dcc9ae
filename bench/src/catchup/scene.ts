import { tmpdir } from "node:os";
import { join } from "node:path";

/** The channel of the benchmarks' dialect, so that the same load reads it live. */
export const channel = "bench.0";
export const messages = 1_000_000;
export const payloadBytes = 100;

/** Where the server's log is, for the benchmark that started it: which removes it, since it kills the server. */
export function dataFolderOf(benchmarkId: number): string {
  return join(tmpdir(), `hawser-catchup-${benchmarkId}`);
}
