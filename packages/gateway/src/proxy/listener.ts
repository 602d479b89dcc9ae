import { createServer as createHttpServer } from "node:http";
import type { Server as HttpServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { TlsOptions } from "node:tls";
import { systemPorts } from "@hawser/protocol";
import type { Timers } from "@hawser/protocol";
import { addressRanges, silentLogger } from "@hawser/server";
import type { Logger } from "@hawser/server";
import { ProxyRefusal, refuse } from "./answer.ts";
import type { ClientPeer } from "./forwarded.ts";
import { resolveProxyLimits } from "./limits.ts";
import type { ProxyLimits } from "./limits.ts";
import { endsOf, PendingClients } from "./pending-clients.ts";
import { peerOf } from "./plain-proxy.ts";
import type { PlainProxy } from "./plain-proxy.ts";
import { acceptHeader } from "./proxy-protocol/accept-header.ts";
import type { ProxiedPeer } from "./proxy-protocol/header.ts";

export interface ProxyListenerOptions {
  /** 0: any that is free. */
  readonly port: number;
  /** Default: all addresses. */
  readonly host?: string;
  readonly proxy: Pick<PlainProxy, "upgrade">;
  /** Key, certificate and whatever else `tls.createServer` takes. Default: no TLS. */
  readonly tls?: TlsOptions;
  /**
   * Addresses and ranges of the proxies in front that begin each connection with a PROXY protocol header, of version 1 or 2. Then every
   * connection must have one, and connections from elsewhere are cut. Default: no such header is read.
   */
  readonly proxyProtocol?: { readonly from: readonly string[] };
  readonly limits?: Partial<ProxyLimits>;
  /** Default: the system's. */
  readonly timers?: Timers;
  /** Default: says nothing. */
  readonly logger?: Logger;
}

/** A port of the proxy's own: upgrades go to the proxy, everything else is answered with 426. */
export class ProxyListener {
  readonly #options: ProxyListenerOptions;
  readonly #limits: ProxyLimits;
  readonly #logger: Logger;
  readonly #http: HttpServer;
  /** Takes connections, and makes of each what `http` reads. */
  readonly #tcp: Server;
  readonly #pending: PendingClients;
  readonly #peers = new WeakMap<Socket, ClientPeer>();

  /** @throws HawserError `option-invalid` */
  constructor(options: ProxyListenerOptions) {
    const { limits, timers = systemPorts().timers, logger = silentLogger, proxyProtocol } = options;
    this.#options = options;
    this.#limits = resolveProxyLimits(limits);
    this.#logger = logger;
    this.#pending = new PendingClients(this.#limits.maxPendingHandshakes, this.#limits.requestTimeoutMs, timers);
    this.#http = this.#httpServer();
    const serve = options.tls === undefined ? this.#plain() : this.#secure(options.tls);
    const isTrusted = proxyProtocol === undefined ? undefined : addressRanges(proxyProtocol.from, "proxyProtocol.from");
    this.#tcp = createTcpServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => {
      this.#pending.add(socket);
      if (isTrusted === undefined) return serve(socket, undefined);
      acceptHeader(
        socket,
        {
          isTrusted,
          maxBytes: this.#limits.maxProxyHeaderBytes,
          timeoutMs: this.#limits.proxyHeaderTimeoutMs,
          timers,
          onRefused: (reason) => logger.warn({ address: socket.remoteAddress }, `connection cut: ${reason}`),
        },
        (peer) => serve(socket, peer),
      );
    });
  }

  /** The port that it listens on; 0 while it does not. */
  get port(): number {
    return (this.#tcp.address() as AddressInfo | null)?.port ?? 0;
  }

  /** Listens. Rejects with the platform's error, such as `EADDRINUSE`. */
  async open(): Promise<void> {
    const { port, host } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#tcp.once("error", reject);
      this.#tcp.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        this.#tcp.off("error", reject);
        resolve();
      });
    });
    this.#tcp.on("error", (error) => this.#logger.error({ error }, "a connection could not be taken"));
  }

  /** Stops listening, and cuts what has not shaken hands; what the proxy has taken is the proxy's. */
  async close(): Promise<void> {
    this.#pending.cut();
    this.#http.closeAllConnections();
    if (this.#tcp.listening) await new Promise((resolve) => this.#tcp.close(resolve));
  }

  #httpServer(): HttpServer {
    const { maxHeaderBytes, maxHeaders } = this.#limits;
    // Node answers what is far above the limit, so that the proxy, which says it better, sees what is just past it.
    const server = createHttpServer({ maxHeaderSize: 2 * maxHeaderBytes, requestTimeout: 0, headersTimeout: 0 });
    server.maxHeadersCount = maxHeaders + 1;
    server.keepAliveTimeout = 1;
    server.on("request", ({ socket }) => refuse(socket, upgradeOnly));
    server.on("upgrade", (request, socket, head) => {
      const peer = this.#peers.get(socket as Socket);
      this.#pending.delete(request.socket);
      this.#options.proxy.upgrade(request, socket, head, peer ?? peerOf(request.socket));
    });
    return server;
  }

  #plain(): (socket: Socket, peer: ProxiedPeer | undefined) => void {
    return (socket, proxied) => {
      if (proxied !== undefined) this.#peers.set(socket, { ...proxied.source, secure: proxied.secure });
      this.#http.emit("connection", socket);
      socket.resume();
    };
  }

  #secure(tls: TlsOptions): (socket: Socket, peer: ProxiedPeer | undefined) => void {
    /** Until the TLS handshake is done, by the two ends of the raw socket, which are those of the secure one. */
    const proxiedBy = new Map<string, ProxiedPeer>();
    const server = createTlsServer(
      { ALPNProtocols: ["http/1.1"], ...tls, allowHalfOpen: true } as TlsOptions,
      (socket) => {
        const proxied = proxiedBy.get(endsOf(socket));
        if (proxied !== undefined) this.#peers.set(socket, { ...proxied.source, secure: true });
        if (!this.#pending.secured(socket)) return void socket.destroy();
        this.#http.emit("connection", socket);
      },
    );
    server.on("tlsClientError", (error, socket) => {
      this.#logger.debug({ error }, "a TLS handshake failed");
      socket.destroy();
    });
    return (socket, proxied) => {
      const ends = endsOf(socket);
      if (proxied !== undefined) {
        proxiedBy.set(ends, proxied);
        socket.once("close", () => proxiedBy.delete(ends));
      }
      server.emit("connection", socket);
    };
  }
}

const upgradeOnly = new ProxyRefusal(426, "upgrade-required", "Only WebSocket is proxied here.", {
  upgrade: "websocket",
});
