import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A path for a socket in a new folder, gone with the test. */
export async function temporarySocket(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hawser-log-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "log.sock");
}
