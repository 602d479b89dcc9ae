import { readFileSync } from "node:fs";
import type { ApiOptions } from "@hawser/server";
import { UsageError } from "../exit-codes.ts";

/**
 * The keys of the HTTP API that lie in a file: the JSON of `ApiOptions`, or of its list alone. What a key must be, `createServer`
 * says. Nothing of the file's content is in a message.
 *
 * @param from what messages call the origin of the path.
 * @throws UsageError when the file cannot be read, or is no such JSON.
 */
export function readApiKeyFile(path: string, from: string): ApiOptions {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(
      `the file of ${from} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "error"} ${path}`,
    );
  }
  const parsed = parse(text);
  if (Array.isArray(parsed)) return { keys: parsed as ApiOptions["keys"] };
  if (typeof parsed === "object" && parsed !== null && "keys" in parsed) return parsed as ApiOptions;
  throw new UsageError(`the file of ${from} must be JSON such as [{"name":"billing","key":"..."}]: ${path}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
