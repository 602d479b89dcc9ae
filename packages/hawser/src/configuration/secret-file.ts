import { randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../exit-codes.ts";

/**
 * A secret that lies in a file; white space around it does not count.
 *
 * @param from what messages call the origin of the path. The secret itself is in no message.
 * @throws UsageError when the file cannot be read.
 */
export function readSecretFile(path: string, from: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new UsageError(
      `the file of ${from} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "error"} ${path}`,
    );
  }
}

/**
 * The server's own secret, with which it signs grants: read from `folder`, or drawn and put there at the first start.
 * Only the owner can read the file (0600). With it kept, grants stay good over restarts.
 */
export function keptSecret(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "server-secret");
  const existing = readIfThere(path);
  if (existing !== undefined) return existing;
  // Two servers that start at once must agree: the file appears whole, by link, and the first one wins.
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600 });
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(path, "utf8").trim();
}

/** The server's own secret, if there is one in `folder`; nothing is made. */
export function keptSecretIfThere(folder: string): string | undefined {
  return readIfThere(join(folder, "server-secret"));
}

function readIfThere(path: string): string | undefined {
  try {
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
    const found = readFileSync(path, "utf8").trim();
    if (found === "") throw new UsageError(`${path} is empty; delete it, and a new secret is drawn`);
    return found;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
