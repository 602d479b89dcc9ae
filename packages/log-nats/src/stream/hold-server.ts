import { HawserError } from "@hawser/protocol";
import type { ServerInfo } from "@nats-io/transport-node";
import { unavailable } from "../connection/nats-connection.ts";
import type { NatsSettings } from "../nats-options.ts";
import { headerReserveBytes } from "../nats-settings.ts";

/**
 * Holds what servers are set to against what the log promises: the size of messages, and with `flush` that the disk is
 * waited for, which only their monitoring tells.
 *
 * @throws HawserError `option-invalid` for settings that keep less, and for a monitoring that does not answer.
 */
export async function holdServer(info: ServerInfo | undefined, settings: NatsSettings): Promise<void> {
  const takes = info?.max_payload ?? Infinity;
  if (takes < settings.maxPayloadBytes + headerReserveBytes) {
    refuse(`max_payload is ${takes}: too little for maxPayloadBytes ${settings.maxPayloadBytes} and its headers`);
  }
  if (typeof settings.flush === "object" && settings.flush.monitoring.length === 0) {
    refuse("flush: no monitoring is named");
  }
  try {
    await holdFlush(settings);
  } catch (error) {
    if (error instanceof HawserError && error.code === "option-invalid") throw error;
    refuse((error as Error).message);
  }
}

/**
 * Holds against the option `flush` what the servers' monitoring says, where it is named.
 *
 * @throws HawserError `option-invalid` for a server that syncs later, `log-unavailable` for a monitoring that does not answer.
 */
export async function holdFlush({ flush, requestTimeoutMs }: NatsSettings): Promise<void> {
  if (typeof flush !== "object") return;
  for (const url of flush.monitoring) {
    if (!(await syncsAlways(url, requestTimeoutMs))) {
      refuse(`the server at ${url} acknowledges before the disk has it: flush needs its sync_interval to be always`);
    }
  }
}

/** Whether the server says that it syncs before it acknowledges (`/jsz` of NATS 2.10 and later). */
async function syncsAlways(url: string, timeoutMs: number): Promise<boolean> {
  try {
    const response = await fetch(new URL("/jsz", url), { signal: AbortSignal.timeout(timeoutMs) });
    const body: unknown = await response.json();
    return isRecord(body) && isRecord(body["config"]) && body["config"]["sync_always"] === true;
  } catch (cause) {
    throw unavailable(`flush: the monitoring at ${url} does not answer`, cause);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function refuse(what: string): never {
  throw new HawserError("option-invalid", `NATS: ${what}`);
}
