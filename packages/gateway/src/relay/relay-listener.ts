import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { SecureContextOptions } from "node:tls";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Clock, Timers } from "@hawser/protocol";
import type { RelayLink } from "./relay-link.ts";
import { answerTo, ProofJudge, proofHeader, relaySecret } from "./relay-proof.ts";
import { maxRelayMessageBytes, WsRelayLink } from "./ws-relay-link.ts";

export interface RelayListenerOptions {
  /** Takes each link of another node. */
  readonly accept: (link: RelayLink) => void;
  /** The same on all nodes of the service; at least 32 bytes. */
  readonly secret: string | Uint8Array;
  readonly port: number;
  /** The address to listen on. Default: all. */
  readonly host?: string;
  /** Of the certificate, for `wss://`. Default: without TLS, for networks of one's own. */
  readonly tls?: SecureContextOptions;
  readonly clock: Clock;
  readonly timers: Timers;
  /** As of `WsRelayDialerOptions`. */
  readonly heartbeatMs?: number;
}

/** Other nodes that have links here, and some that are gone and not known to be. */
const maxLinks = 2_000;

/** The port on which other nodes reach the home of this one. */
export class RelayListener {
  readonly #options: RelayListenerOptions;
  readonly #secret: Buffer;
  readonly #judge: ProofJudge;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;

  /** @throws HawserError `option-invalid` as `relaySecret` does. */
  constructor(options: RelayListenerOptions) {
    this.#options = options;
    this.#secret = relaySecret(options.secret);
    this.#judge = new ProofJudge(this.#secret);
    const refuse = { headersTimeout: 5_000, requestTimeout: 5_000, maxHeaderSize: 8_192 };
    this.#server = options.tls === undefined ? createServer(refuse) : createTlsServer({ ...refuse, ...options.tls });
    this.#server.on("request", (_, response) => response.writeHead(426).end());
    this.#server.on("upgrade", (request, socket, head) => this.#onUpgrade(request, socket, head));
    this.#sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: maxRelayMessageBytes,
      skipUTF8Validation: true,
    });
    this.#sockets.on("headers", (headers, request) => {
      headers.push(`${proofHeader}: ${answerTo(this.#secret, String(request.headers[proofHeader]))}`);
    });
  }

  /** The port that it listens on; 0 while it does not. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  /** Rejects with the platform's error when the port cannot be had. */
  open(): Promise<void> {
    const { port, host } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
  }

  /** Gives the port back, and ends the links. */
  close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { clock, timers, heartbeatMs = 5_000, accept } = this.#options;
    const proof = request.headers[proofHeader];
    const refusal = this.#sockets.clients.size >= maxLinks ? "503 Service Unavailable" : "401 Unauthorized";
    if (this.#sockets.clients.size >= maxLinks || typeof proof !== "string" || !this.#judge.take(proof, clock.now())) {
      socket.on("error", () => {});
      socket.end(`HTTP/1.1 ${refusal}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (link) => accept(new WsRelayLink(link, timers, heartbeatMs)));
  }
}
