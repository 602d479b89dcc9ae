import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where the server's log is, for the benchmark that started it: which removes it, since it kills the server. */
export function dataFolderOf(benchmarkId: number): string {
  return join(tmpdir(), `hawser-ingest-${benchmarkId}`);
}
