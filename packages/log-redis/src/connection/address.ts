import type { RedisClientOptions } from "@redis/client";
import { HawserError } from "@hawser/protocol";
import type { RedisConnectionOptions, RedisLogOptions } from "../options.ts";
import { connect } from "./connection.ts";
import type { Ends } from "./connection.ts";

/** Where the server is now, for a connection: by the URL, or by what a Sentinel says. Rejects with `log-unavailable`. */
export async function addressOf(
  { url = "redis://127.0.0.1:6379", client = {}, sentinel }: RedisLogOptions,
  connectTimeoutMs: number,
  ends: Ends,
): Promise<RedisClientOptions> {
  if (sentinel === undefined) return { ...within(client, connectTimeoutMs), url };
  const causes: string[] = [];
  for (const { host, port } of sentinel.nodes) {
    try {
      const found = await askSentinel(within(sentinel.client ?? {}, connectTimeoutMs), host, port, sentinel.name, ends);
      return to(within(client, connectTimeoutMs), found.host, found.port);
    } catch (error) {
      causes.push(`${host}:${port}: ${(error as Error).message}`);
    }
  }
  throw new HawserError(
    "log-unavailable",
    `no Sentinel says where ${sentinel.name} is (${causes.join("; ") || "none was given"})`,
    { retry: true },
  );
}

async function askSentinel(options: RedisClientOptions, host: string, port: number, name: string, ends: Ends) {
  const connection = await connect(to(options, host, port), ends);
  try {
    const reply = await connection.send(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name]);
    if (!Array.isArray(reply)) throw new Error(`it does not know ${name}`);
    return { host: String(reply[0]), port: Number(reply[1]) };
  } finally {
    connection.destroy();
  }
}

function within(options: RedisConnectionOptions, connectTimeout: number): RedisClientOptions {
  return { ...options, socket: { connectTimeout, ...(options.socket as object) } };
}

function to(options: RedisClientOptions, host: string, port: number): RedisClientOptions {
  return { ...options, socket: { ...(options.socket as object), host, port } };
}
