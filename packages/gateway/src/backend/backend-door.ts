import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import { duplexPair } from "node:stream";
import type { Duplex } from "node:stream";
import { HawserError } from "@hawser/protocol";
import type { Timers } from "@hawser/protocol";
import type { Logger } from "@hawser/server";
import { WebSocketServer } from "ws";
import { ProxyRefusal, refuse } from "../proxy/answer.ts";
import type { ProxyLease, ProxyPool, ProxyTarget } from "../proxy/pool-port.ts";
import { BackendRefused } from "./backend.ts";
import type { Backend } from "./backend.ts";
import type { BackendSocket } from "./backend-socket.ts";
import { joinSockets } from "./join-sockets.ts";

export interface BackendDoorOptions {
  readonly backend: Backend;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** The proxy has measured them by its own limits, and added to them. */
const mostHeaderBytes = 2 ** 30;

/** Who a plain client is, as the proxy found. */
interface Arrival {
  /** "": nothing has named it. */
  readonly user: string;
  readonly address: string;
}

/**
 * An HTTP back end as the proxy of plain clients sees a pool: one target, within this process, that speaks WebSocket. So routes,
 * rights, limits and the access log are the same as for any pool.
 */
export class BackendDoor implements ProxyPool {
  readonly #options: BackendDoorOptions;
  readonly #http: Server;
  /** By the end of the pair that the HTTP server has. */
  readonly #arrivals = new WeakMap<Duplex, Arrival>();

  constructor(options: BackendDoorOptions) {
    this.#options = options;
    // It never listens: it is handed one end of a pair for each client.
    this.#http = createServer({ maxHeaderSize: mostHeaderBytes });
    this.#http.on("upgrade", (request, socket, head) => {
      this.#upgrade(request, socket, head).catch((error: unknown) => {
        options.logger.error({ error, pool: options.backend.pool }, "a socket to a back end failed");
        socket.destroy();
      });
    });
  }

  async connect<Value>(
    { user, address }: Arrival,
    dial: (target: ProxyTarget, signal: AbortSignal, reached: () => void) => Promise<Value>,
  ): Promise<{ readonly value: Value; readonly lease: ProxyLease }> {
    const target: ProxyTarget = {
      name: this.#options.backend.settings.url.host,
      url: new URL("ws://back-end/"),
      open: () => {
        const [near, far] = duplexPair();
        this.#arrivals.set(far, { user, address });
        this.#http.emit("connection", far);
        return near as Socket;
      },
    };
    const { signal } = new AbortController();
    const value = await dial(target, signal, () => {});
    return { value, lease: { target, signal, countIn: () => {}, countOut: () => {}, end: () => {} } };
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const gone = new AbortController();
    socket.on("error", () => gone.abort());
    socket.once("close", () => gone.abort());
    let upstream: BackendSocket;
    try {
      upstream = await this.#connect(request, socket, gone.signal);
    } catch (error) {
      return refuse(socket, refusalOf(error));
    }
    const { limits } = this.#options.backend.settings;
    const webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: limits.maxMessageBytes,
      handleProtocols: () => (upstream.protocol === "" ? false : upstream.protocol),
    });
    let joined = false;
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      joined = true;
      joinSockets(webSocket, upstream, { ...limits, timers: this.#options.timers });
    });
    // What is no handshake `ws` has answered by itself.
    if (!joined) upstream.terminate();
  }

  #connect(request: IncomingMessage, socket: Duplex, signal: AbortSignal): Promise<BackendSocket> {
    const { backend } = this.#options;
    const { user = "", address = "" } = this.#arrivals.get(socket) ?? {};
    const [path = "", ...query] = (request.url ?? "").split("?");
    const headers: Record<string, string> = {};
    for (const name of backend.settings.passHeaders) {
      const value = request.headers[name];
      if (value !== undefined) headers[name] = typeof value === "string" ? value : value.join(", ");
    }
    const protocols = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((one) => one.trim());
    return backend.connect(
      {
        user: user === "" ? undefined : user,
        path,
        query: query.join("?"),
        protocols: protocols.filter((one) => one !== ""),
        session: undefined,
        address,
        claims: undefined,
        headers,
      },
      signal,
    );
  }
}

function refusalOf(error: unknown): ProxyRefusal {
  if (error instanceof BackendRefused)
    return new ProxyRefusal(error.status, "forbidden", "The server behind does not take this socket.");
  const retry = { "retry-after": "1" };
  const cause = error instanceof HawserError ? undefined : error;
  return new ProxyRefusal(503, "upstream-unavailable", "The server behind cannot be reached: try again.", retry, cause);
}
