import { createClient, webSocketConnector } from "@hawser/client";
import type { Client, Connector, WebSocketClass } from "@hawser/client";
import { tcpConnector } from "@hawser/client/node";
import { HawserError } from "@hawser/protocol";
import { WebSocket } from "ws";
import { version } from "../version.ts";
import type { World } from "../world.ts";
import type { ConnectionSettings } from "./connection-options.ts";

/** A client of the command, and the signal that ends what the command does with it. */
export interface OpenClient {
  readonly client: Client;
  /** Aborted by a signal of the process, or when the server refused this client for good; the reason says which. */
  readonly ended: AbortSignal;
}

/**
 * Connects, and resolves once the server has accepted this client.
 *
 * @throws HawserError `connection-lost` when there is no answer in time, or with what the server refused it for.
 */
export async function openClient(settings: ConnectionSettings, world: World): Promise<OpenClient> {
  const trouble: { last: string } = { last: "" };
  const client = createClient({
    url: settings.url,
    token: settings.token,
    agent: `hawser-command/${version()}`,
    connector: connectorOf(settings.url, (text) => (trouble.last = text)),
  });
  const refused = new AbortController();
  client.addEventListener("error", (event) => refused.abort(event.error));
  const ended = AbortSignal.any([world.interrupted, refused.signal]);
  try {
    await connected(client, settings, ended, trouble);
  } catch (error) {
    await client.close();
    throw error;
  }
  return { client, ended };
}

/** The client tells of itself why a TCP connection was not made. */
function connectorOf(url: string, tell: (text: string) => void): Connector {
  return /^(tcp|tls):/.test(url) ? tcpConnector() : webSocketConnector({ WebSocket: tellingWebSocket(tell) });
}

/**
 * A `WebSocket` that says why it could not connect: a web page must not learn that (WHATWG WebSockets, section 4), but
 * a person at a terminal should.
 */
function tellingWebSocket(tell: (text: string) => void): WebSocketClass {
  return class extends WebSocket {
    constructor(url: string, protocols: string) {
      super(url, protocols);
      this.on("error", (error: NodeJS.ErrnoException) => tell(error.message || (error.code ?? "no connection")));
    }
  };
}

/** Opens a client, does the work, and closes the client whatever came of it. */
export async function withClient<Result>(
  settings: ConnectionSettings,
  world: World,
  work: (open: OpenClient) => Promise<Result>,
): Promise<Result> {
  const open = await openClient(settings, world);
  try {
    return await work(open);
  } finally {
    await open.client.close();
  }
}

/** Rejects with the signal's reason as soon as it is aborted; resolves or rejects with the promise otherwise. */
export async function unlessEnded<Result>(promise: PromiseLike<Result>, ended: AbortSignal): Promise<Result> {
  ended.throwIfAborted();
  const { promise: end, reject } = withReject();
  const onEnd = (): void => reject(ended.reason);
  ended.addEventListener("abort", onEnd);
  try {
    return await Promise.race([promise, end]);
  } finally {
    ended.removeEventListener("abort", onEnd);
  }
}

function withReject(): { promise: Promise<never>; reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<never>((_, rejectIt) => (reject = rejectIt));
  return { promise, reject };
}

async function connected(
  client: Client,
  settings: ConnectionSettings,
  ended: AbortSignal,
  trouble: { readonly last: string },
): Promise<void> {
  const tooLate = AbortSignal.timeout(settings.timeoutMs);
  const arrival = new Promise<void>((resolve) => {
    const look = (): void => {
      if (client.status.state === "connected") resolve();
    };
    client.addEventListener("status", look);
    look();
  });
  try {
    await unlessEnded(arrival, AbortSignal.any([ended, tooLate]));
  } catch (error) {
    if (ended.aborted || !tooLate.aborted) throw error;
    const why = trouble.last || client.status.lastError?.message;
    throw new HawserError(
      "connection-lost",
      `no connection to ${settings.url} within ${settings.timeoutMs / 1000} s${why === undefined ? "" : `: ${why}`}`,
    );
  }
}
