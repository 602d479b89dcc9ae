import { HawserError } from "@hawser/protocol";
import { unavailable } from "./paced-connection.ts";

/** Where RabbitMQ tells what it does not tell over AMQP: its management plugin. */
export interface ManagementAddress {
  /** `http://host:15672` or `https://`, with the path prefix where there is one. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
  readonly timeoutMs: number;
}

/** How a stream is kept. */
export interface StreamMembers {
  /** Nodes that have a replica. */
  readonly members: readonly string[];
  /** Those of them that run. */
  readonly online: readonly string[];
}

/**
 * Asks for a stream's replicas (`GET /api/queues/vhost/name` of the management plugin's HTTP API).
 *
 * @throws HawserError `log-unavailable` when it does not answer, or knows no such stream; `option-invalid` when it lets nobody in.
 */
export async function streamMembers(address: ManagementAddress, stream: string): Promise<StreamMembers> {
  const { url, username, password, vhost, timeoutMs } = address;
  const path = `/api/queues/${encodeURIComponent(vhost)}/${encodeURIComponent(stream)}`;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const signal = AbortSignal.timeout(timeoutMs);
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(url.replace(/\/$/, "") + path, { headers: { authorization }, signal });
    body = response.ok ? await response.json() : undefined;
  } catch (error) {
    throw unavailable("RabbitMQ's management does not answer", error);
  }
  if (response.status === 401 || response.status === 403) {
    throw new HawserError("option-invalid", `RabbitMQ's management does not let ${username} in (${response.status})`);
  }
  const { members, online } = (body ?? {}) as { members?: unknown; online?: unknown };
  if (!isNames(members) || !isNames(online)) {
    throw unavailable(`RabbitMQ's management does not tell of the stream ${stream} (${response.status})`);
  }
  return { members, online };
}

/**
 * Holds a stream's replicas against what is asked for.
 *
 * @throws HawserError `option-invalid` when it has fewer.
 */
export function holdMembers(stream: string, { members }: StreamMembers, replicas: number): void {
  if (members.length >= replicas) return;
  throw new HawserError(
    "option-invalid",
    `the stream ${stream} has ${members.length} replicas, and \`replicas\` says ${replicas}: add some (rabbitmq-streams add_replica)`,
  );
}

function isNames(names: unknown): names is readonly string[] {
  return Array.isArray(names) && names.every((name) => typeof name === "string");
}
