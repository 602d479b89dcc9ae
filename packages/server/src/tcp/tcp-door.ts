import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import type { TlsOptions } from "node:tls";
import { closeCodes, jsonCodec, protobufCodec } from "@hawser/protocol";
import type { Codec, ErrorCode, Timers } from "@hawser/protocol";
import { addressOf } from "../http/address.ts";
import type { AdmissionCounter } from "../http/admission.ts";
import type { DoorCore } from "../http/door.ts";
import { listen, reachableAt } from "../http/own-server.ts";
import type { Logger } from "../observe/logger.ts";
import type { DoorObserver, RefusalReason } from "../observe/metrics.ts";
import type { Limits } from "../policy/limits.ts";
import { OpenTransports } from "../transport/open-transports.ts";
import { TcpTransport } from "../transport/tcp.ts";
import type { Peer } from "../transport/transport.ts";
import { PendingSockets } from "./pending-sockets.ts";
import { readPreamble } from "./preamble.ts";

/** Where programs that are not browsers connect without HTTP. */
export interface TcpOptions {
  /** The port to listen on; 0: any that is free. */
  readonly port: number;
  /** The address to listen on. Default: that of the HTTP port, or all. */
  readonly host?: string;
  /** Key, certificate and whatever else `tls.createServer` takes (`requestCert` and `ca` for clients' certificates). Default: no TLS. */
  readonly tls?: TlsOptions;
}

export interface TcpDoorOptions extends TcpOptions {
  readonly core: DoorCore;
  /** Shared with the other doors of the node. */
  readonly admission: AdmissionCounter;
  readonly limits: Limits;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly observer: DoorObserver;
}

interface Refusal {
  readonly reason: RefusalReason;
  readonly closeCode: number;
  readonly errorCode?: ErrorCode;
  readonly text: string;
}

const plainAddress = addressOf([]);

/**
 * Turns TCP and TLS connections into transports, as section 14 of the specification says. The line that names the
 * subprotocol must be the first: nothing that a browser can be made to send begins with it.
 */
export class TcpDoor {
  readonly #options: TcpDoorOptions;
  readonly #server: Server;
  readonly #pending: PendingSockets;
  readonly #transports = new OpenTransports();
  #open = true;

  constructor(options: TcpDoorOptions) {
    const { limits, timers, tls, observer } = options;
    this.#options = options;
    this.#pending = new PendingSockets({
      limit: limits.maxPendingHandshakes,
      timeoutMs: limits.handshakeTimeoutMs,
      timers,
      onEvicted: () => observer.handshakeEvicted(),
      onOverdue: (socket) => this.#refuse(socket, jsonCodec, overdue),
    });
    if (tls === undefined) {
      this.#server = createServer((socket) => {
        if (this.#pending.add(socket)) this.#greet(socket);
      });
    } else {
      this.#server = createTlsServer({ ...tls, handshakeTimeout: limits.handshakeTimeoutMs }, (socket) => {
        if (this.#pending.secured(socket)) this.#greet(socket);
      });
      this.#server.on("connection", (socket: Socket) => this.#pending.add(socket));
      this.#server.on("tlsClientError", () => observer.handshakeRefused("handshake"));
    }
  }

  /** Whether the bytes travel in TLS. */
  get secure(): boolean {
    return this.#options.tls !== undefined;
  }

  /** `host:port`, or `undefined` while it does not listen. */
  get reachableAt(): string | undefined {
    return reachableAt(this.#server);
  }

  /** Listens. Rejects with the platform's error, such as `EADDRINUSE`. */
  async open(): Promise<void> {
    await listen(this.#server, this.#options.port, this.#options.host);
    this.#server.on("error", (error) => this.#options.logger.error({ error }, "a connection could not be taken"));
  }

  /** From now on every connection is refused with 4000; those that there are stay. */
  shut(): void {
    this.#open = false;
  }

  /** Resolves when no transport is open. Each that closes does so within `closeTimeoutMs`. */
  emptied(): Promise<void> {
    return this.#transports.emptied();
  }

  /** Stops listening, and cuts what is still open. */
  async close(): Promise<void> {
    this.shut();
    this.#transports.terminate();
    this.#pending.cut();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Reads the preamble, and no further. */
  #greet(socket: Socket): void {
    socket.setNoDelay(true);
    let bytes = Buffer.alloc(0);
    const read = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      const preamble = readPreamble(bytes);
      if (preamble.kind === "incomplete") return;
      socket.off("data", read);
      socket.pause();
      this.#pending.delete(socket);
      if (preamble.kind === "refused") return this.#refuse(socket, jsonCodec, unknownPreamble);
      const behind = bytes.subarray(preamble.length);
      if (behind.length > 0) socket.unshift(behind);
      this.#admit(socket, preamble.subprotocol);
    };
    socket.on("data", read);
  }

  #admit(socket: Socket, subprotocol: Peer["subprotocol"]): void {
    const { admission, limits, timers, core, logger } = this.#options;
    const codec = subprotocol === "hawser.v1" ? protobufCodec : jsonCodec;
    if (!this.#open) return this.#refuse(socket, codec, shutRefusal);
    if (socket.destroyed) return;
    const address = plainAddress(socket.remoteAddress ?? "", undefined);
    const place = admission.admit(address);
    if (place.kind !== "admitted")
      return this.#refuse(socket, codec, place.kind === "node-full" ? nodeFull : addressFull);
    socket.once("close", () => place.leave());
    const transport = new TcpTransport(socket, { ...limits, codec, timers });
    this.#transports.add(transport);
    socket.once("close", () => this.#transports.delete(transport));
    try {
      core.accept(transport, { address, subprotocol, headers: {} });
    } catch (error) {
      logger.error({ error }, "a connection could not be accepted");
      transport.terminate();
    }
    socket.resume();
  }

  #refuse(socket: Socket, codec: Codec, { reason, closeCode, errorCode, text }: Refusal): void {
    this.#options.observer.handshakeRefused(reason);
    // In the middle of a TLS handshake nothing can be said.
    if (this.#options.tls !== undefined && !(socket instanceof TLSSocket)) socket.destroy();
    if (socket.destroyed) return;
    if (errorCode !== undefined) {
      const retry = closeCode < 4500;
      socket.write(codec.encode({ type: "error", id: 0, code: errorCode, message: text, retry, retryAfterMs: 0 }));
    }
    // So short that the kernel takes it at once, whether the peer reads or not; and what it sent is read, lest a reset overtake it.
    socket.once("finish", () => socket.destroySoon());
    socket.resume();
    socket.end(codec.encode({ type: "close", code: closeCode, reason: text }));
  }
}

const unknownPreamble: Refusal = {
  reason: "subprotocol",
  closeCode: closeCodes.frameMalformed,
  text: "The first line must be hawser.v1 or hawser.v1.json.",
};

const overdue: Refusal = {
  reason: "handshake",
  closeCode: closeCodes.connectTimeout,
  text: "The first line, hawser.v1 or hawser.v1.json, did not come in time.",
};

const shutRefusal: Refusal = {
  reason: "not-ready",
  closeCode: closeCodes.goingAway,
  text: "This node is going away: connect to another, or again later.",
};

const nodeFull: Refusal = {
  reason: "connections",
  closeCode: closeCodes.overloaded,
  errorCode: "overloaded",
  text: "This node holds as many connections as it may: connect to another, or again later.",
};

const addressFull: Refusal = {
  reason: "connections-per-address",
  closeCode: closeCodes.tooManyConnections,
  errorCode: "too-many-connections",
  text: "This address holds as many connections as it may: close some.",
};
