import { HawserError } from "@hawser/protocol";
import type { Durability } from "@hawser/log";
import type { Connection } from "./connection.ts";

/** What a server is, and is set to, as far as it matters to a log. */
export interface ServerFacts {
  /** `[7, 0, 15]` of 7.0.15. */
  readonly version: readonly number[];
  readonly isPrimary: boolean;
  readonly appendOnly: boolean;
  /** `always`, `everysec`, `no`; `undefined` where `CONFIG` is not allowed. */
  readonly appendFsync: string | undefined;
  /** Whether keys are thrown away when memory is full. */
  readonly evicts: boolean;
}

/** Asks the server what it is. Rejects when it does not answer, or the user may not ask `INFO`. */
export async function serverFacts(connection: Connection): Promise<ServerFacts> {
  const info = parseInfo(String(await connection.send(["INFO"])));
  const configuration = await configurationOf(connection);
  return {
    version: (info.get("redis_version") ?? "0").split(".").map(Number),
    isPrimary: info.get("role") === "master",
    appendOnly: info.get("aof_enabled") === "1",
    appendFsync: configuration.get("appendfsync"),
    evicts: info.get("maxmemory") !== "0" && (info.get("maxmemory_policy") ?? "noeviction") !== "noeviction",
  };
}

/** The durabilities that a server keeps as it is set. */
export function keptDurabilities({ appendOnly, appendFsync }: ServerFacts): Durability[] {
  if (!appendOnly) return ["memory"];
  return appendFsync === "always" ? ["memory", "commit", "flush"] : ["memory", "commit"];
}

/** Throws `option-invalid` unless the server can be the log's, and keeps what is asked for. */
export function checkServer(facts: ServerFacts, durabilities: readonly Durability[]): void {
  if ((facts.version[0] ?? 0) < 7) {
    throw new HawserError("option-invalid", `Redis ${facts.version.join(".")} is too old: a log needs 7.0 or later`);
  }
  if (facts.evicts) {
    throw new HawserError(
      "option-invalid",
      "this Redis throws keys away when its memory is full, and channels with them: set maxmemory-policy to noeviction",
    );
  }
  const kept = keptDurabilities(facts);
  for (const durability of durabilities) {
    if (kept.includes(durability)) continue;
    const setting = facts.appendOnly ? `appendfsync is ${facts.appendFsync ?? "unknown"}` : "appendonly is no";
    const remedy = durability === "commit" ? "appendonly to yes" : "appendonly to yes and appendfsync to always";
    const secret = facts.appendFsync === undefined ? " (this user may not ask CONFIG GET)" : "";
    throw new HawserError(
      "option-invalid",
      `this Redis cannot keep durability "${durability}": ${setting}${secret}. Set ${remedy}, or leave it out of durabilities`,
    );
  }
}

/** The lines `name:value` of `INFO`. */
function parseInfo(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0 && !line.startsWith("#")) pairs.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return pairs;
}

/** Empty where the user may not ask, as with many hosted servers. */
async function configurationOf(connection: Connection): Promise<Map<string, string>> {
  const pairs = new Map<string, string>();
  try {
    const reply = (await connection.send(["CONFIG", "GET", "appendfsync"])) as unknown[];
    for (let index = 0; index + 1 < reply.length; index += 2) pairs.set(String(reply[index]), String(reply[index + 1]));
  } catch (error) {
    if (!/^(NOPERM|ERR unknown command)/.test((error as Error).message)) throw error;
  }
  return pairs;
}
