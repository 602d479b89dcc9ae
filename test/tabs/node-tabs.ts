import { webSocketConnector } from "@hawser/client";
import type { Client } from "@hawser/client";
import { serveSharedWorker, sharedConnector } from "@hawser/client/shared";
import type { SharedPlatform, SharedWorkerLike, SharedWorkerScope } from "@hawser/client/shared";
import { WebSocket } from "ws";
import { connect } from "../support/clients.ts";

/** What Node has of what tabs find each other by: neither locks nor pages that hide. */
const platform: SharedPlatform = {
  locks: undefined,
  BroadcastChannel: undefined,
  MessageChannel,
  onHidden: () => {},
};

/** Tabs of one browser in this process: their clients share connections as in a browser with a shared worker. */
export class NodeTabs {
  readonly #scope: SharedWorkerScope = { onconnect: null };

  constructor() {
    serveSharedWorker(this.#scope, { connector: webSocketConnector({ WebSocket }) });
  }

  /** A client in a tab of its own. */
  open(name: string, ...urls: [string, ...string[]]): Client {
    const connector = sharedConnector({ principal: name, platform, worker: () => this.#port() });
    return connect(urls[0], name, { url: urls, connector });
  }

  #port(): SharedWorkerLike {
    const { port1, port2 } = new platform.MessageChannel();
    setImmediate(() => this.#scope.onconnect?.({ ports: [port2] } as never));
    return { port: port1, onerror: null };
  }
}

/** What a server's metrics say of the connections that it has. */
export async function countsOf(url: string): Promise<{ readonly sockets: number; readonly streams: number }> {
  const address = new URL("/metrics", url.replace(/^ws/, "http"));
  const text = await (await fetch(address)).text();
  const value = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]);
  return { sockets: value("hawser_shared_connections"), streams: value("hawser_connections") };
}
