import type { IncomingMessage } from "node:http";
import type { Clock, Timers } from "@hawser/protocol";
import { Door } from "./http/door.ts";
import type { DoorCore } from "./http/door.ts";
import type { RequestHandler } from "./http/endpoints.ts";
import type { Gate } from "./http/gate.ts";
import { HttpDoor } from "./http/http-door.ts";
import { attachedListener, ownListener } from "./http/listener.ts";
import type { Listener } from "./http/listener.ts";
import type { Logger } from "./observe/logger.ts";
import type { DoorObserver } from "./observe/metrics.ts";
import type { ServerOptions } from "./options.ts";
import type { Limits } from "./policy/limits.ts";
import { TcpDoor } from "./tcp/tcp-door.ts";

const defaultPort = 8080;

export interface DoorsOptions {
  readonly options: Pick<ServerOptions, "server" | "port" | "host" | "tcp" | "onRequest" | "parts">;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly core: DoorCore;
  readonly path: string;
  readonly gate: Gate;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly observer: DoorObserver;
  readonly compresses: boolean;
  /** Answers the plain requests that are for no door, and says whether it did. */
  readonly handle: RequestHandler;
}

/** All ways into one server: its HTTP server, with WebSockets and the transports that fall back, and its TCP port. */
export class Doors {
  /** Answers the plain requests that are the server's. */
  readonly handle: RequestHandler;
  readonly #path: string;
  readonly #door: Door;
  readonly #httpDoor: HttpDoor;
  readonly #tcpDoor: TcpDoor | undefined;
  readonly #listener: Listener;
  #opening: Promise<void> = Promise.resolve();

  constructor(entrance: DoorsOptions) {
    const { options, limits, observer, logger, path, gate } = entrance;
    this.#path = path;
    const parts = options.parts ?? [];
    this.#door = new Door({
      ...entrance,
      otherUpgrade: (...upgrade) => parts.some((part) => part.upgrade?.(...upgrade) === true),
    });
    this.#httpDoor = new HttpDoor({ ...entrance, occupy: (request) => this.occupy(request) });
    this.#tcpDoor =
      options.tcp === undefined
        ? undefined
        : new TcpDoor({
            ...(options.host === undefined ? {} : { host: options.host }),
            ...options.tcp,
            ...entrance,
            admission: gate.admission,
          });
    this.handle = (request, response) => this.#httpDoor.handle(request, response) || entrance.handle(request, response);
    this.#listener =
      options.server === undefined
        ? ownListener({
            port: options.port ?? defaultPort,
            host: options.host,
            limits,
            handle: (request, response) =>
              this.handle(request, response) || (options.onRequest?.(request, response) ?? false),
            observer,
            logger,
          })
        : attachedListener(options.server);
  }

  /** Where WebSockets are opened, as seen from this machine; `undefined` while nothing listens. */
  get url(): string | undefined {
    const at = this.#listener.reachableAt;
    const secure = "setSecureContext" in this.#listener.server;
    return at === undefined ? undefined : `${secure ? "wss" : "ws"}://${at}${this.#path}`;
  }

  /** The same of the TCP port. */
  get tcpUrl(): string | undefined {
    const at = this.#tcpDoor?.reachableAt;
    return at === undefined ? undefined : `${this.#tcpDoor?.secure === true ? "tls" : "tcp"}://${at}`;
  }

  /** Where it listens, as logs say it. */
  get places(): { readonly at: string | undefined; readonly path: string; readonly tcp?: string | undefined } {
    const tcp = this.#tcpDoor === undefined ? {} : { tcp: this.#tcpDoor.reachableAt };
    return { at: this.#listener.reachableAt, path: this.#path, ...tcp };
  }

  /** A request was let in, and occupies its socket until what is returned is called. */
  occupy(request: IncomingMessage): () => void {
    return this.#listener.occupy(request);
  }

  /** Takes those who come. Rejects with the platform's error when a port cannot be had. */
  open(): Promise<void> {
    this.#door.attach(this.#listener.server, this.#listener.shared);
    this.#opening = this.#openPorts();
    return this.#opening;
  }

  /** From now on no shared connection takes a stream, and the TCP port nobody; connections stay. */
  shut(): void {
    this.#door.shut();
    this.#tcpDoor?.shut();
  }

  /** Waits for what ends by itself within `closeTimeoutMs`, cuts the rest, and gives the ports back. */
  async close(): Promise<void> {
    await Promise.all([this.#door.emptied(), this.#httpDoor.emptied(), this.#tcpDoor?.emptied()]);
    this.#door.detach();
    this.#httpDoor.detach();
    // A port that is still being opened would stay open; `open` tells what went wrong with it.
    await this.#opening.catch(() => {});
    await Promise.all([this.#listener.close(), this.#tcpDoor?.close()]);
  }

  async #openPorts(): Promise<void> {
    await this.#listener.open();
    await this.#tcpDoor?.open();
  }
}
