import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { maxEnvelopeBytes, sharedSubprotocol } from "@hawser/protocol";
import type { Clock, Timers } from "@hawser/protocol";
import type { Logger } from "../observe/logger.ts";
import type { DoorObserver } from "../observe/metrics.ts";
import type { Limits } from "../policy/limits.ts";
import type { Peer, Transport } from "../transport/transport.ts";
import { takeOverInflating } from "../transport/inflater.ts";
import type { InflaterOptions } from "../transport/inflater.ts";
import { OpenTransports } from "../transport/open-transports.ts";
import { SharedConnection } from "../transport/shared-connection.ts";
import { TurnWrites } from "../transport/turn-writes.ts";
import { binaryFrameHead, binaryFraming, textFraming } from "../transport/websocket-framing.ts";
import { WebSocketTransport } from "../transport/websocket.ts";
import type { Gate } from "./gate.ts";
import { HandshakePeer } from "./handshake-peer.ts";
import { HeaderTexts } from "./header-texts.ts";
import { judgeHandshake } from "./handshake.ts";
import type { Approval, Refusal } from "./handshake.ts";
import { pathOf } from "./path.ts";
import { refuse } from "./refuse.ts";
import { chooseSubprotocol } from "./subprotocol.ts";

/** What the door hands its connections to. */
export interface DoorCore {
  accept(transport: Transport, peer: Peer): void;
}

export interface DoorOptions {
  /** Whether messages may be compressed where the peer offers it; not those that several streams share. */
  readonly compresses: boolean;
  readonly core: DoorCore;
  /** Takes an upgrade to another path, and says whether it did. */
  readonly otherUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;
  /** Upgrades to it are taken; starts with `/`. */
  readonly path: string;
  readonly gate: Gate;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly observer: DoorObserver;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** Messages of very many fragments cost far more than their bytes; no client of ours sends more than one. */
const maxFragments = 1_024;

/**
 * Turns upgrades of an HTTP server into transports. It is the only place where a handshake is judged; each refusal has an
 * HTTP status and is counted.
 */
export class Door {
  readonly #options: DoorOptions;
  readonly #gate: Gate;
  readonly #webSockets: WebSocketServer;
  readonly #sharedWebSockets: WebSocketServer;
  readonly #transports = new OpenTransports();
  readonly #headerTexts = new HeaderTexts();
  readonly #sharedConnections = new Set<SharedConnection>();
  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void =>
    this.#upgrade(request, socket, head);
  readonly #inflating: InflaterOptions;
  readonly #writes = new TurnWrites();
  /** One for all: a function of its own for each connection would cost as much as its place in the schedule. */
  readonly #onGone = (transport: Transport): void => this.#transports.delete(transport);
  #server: Server | undefined;
  #shared = false;

  constructor(options: DoorOptions) {
    this.#options = options;
    this.#gate = options.gate;
    const { limits, compresses } = options;
    this.#webSockets = webSocketServer(limits.maxMessageBytes, limits.closeTimeoutMs, compresses);
    this.#inflating = { ...limits, clock: options.clock, timers: options.timers };
    // A message of a stream has its number in front.
    this.#sharedWebSockets = webSocketServer(limits.maxMessageBytes + maxEnvelopeBytes, limits.closeTimeoutMs, false);
  }

  /**
   * Takes the upgrades of `server` to the path.
   *
   * @param shared - Upgrades to other paths are left to the server's other listeners, if there are any.
   */
  attach(server: Server, shared: boolean): void {
    this.#server = server;
    this.#shared = shared;
    server.on("upgrade", this.#onUpgrade);
  }

  /** From now on no shared connection takes a stream; connections stay. */
  shut(): void {
    for (const shared of this.#sharedConnections) shared.leave();
  }

  /** Resolves when no transport is open. Each that closes does so within `closeTimeoutMs`. */
  emptied(): Promise<void> {
    return this.#transports.emptied();
  }

  /** Leaves the server to others, and cuts what is still open. */
  detach(): void {
    this.#server?.off("upgrade", this.#onUpgrade);
    this.#transports.terminate();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (socket.destroyed) return;
    if (pathOf(request.url) !== this.#options.path) {
      if (this.#options.otherUpgrade(request, socket, head)) return;
      // Where nobody else listens for upgrades, nobody would answer.
      if (!this.#shared || this.#server?.listenerCount("upgrade") === 1) this.#refuse(socket, notFound);
      return;
    }
    const judged = this.#gate.refusalOf("lasting") ?? judgeHandshake(request, this.#gate.rules);
    if (judged.kind === "refused") return this.#refuse(socket, judged);
    const admission = this.#gate.admit(judged.address);
    if (admission.kind === "refused") return this.#refuse(socket, admission);
    let webSocket: WebSocket | undefined;
    try {
      const webSockets = judged.subprotocol === sharedSubprotocol ? this.#sharedWebSockets : this.#webSockets;
      webSockets.handleUpgrade(request, socket, head, (upgraded) => (webSocket = upgraded));
    } catch (error) {
      // Two listeners of the application's server take upgrades to the same path, and the other was first.
      admission.leave();
      this.#options.logger.error({ error, path: this.#options.path }, "an upgrade was taken by another listener");
    }
    if (webSocket !== undefined) {
      const transport = this.#transportOf(webSocket, socket, judged);
      this.#transports.add(transport, admission);
      this.#handOver(transport, judged, request);
      return;
    }
    // `ws` has answered by itself, or the socket is gone or another's.
    socket.once("close", () => admission.leave());
    this.#options.observer.handshakeRefused("handshake");
  }

  #transportOf(webSocket: WebSocket, socket: Duplex, { subprotocol }: Approval): WebSocketTransport {
    const { maxUnsentBytes, maxStreamsPerConnection } = this.#options.limits;
    return new WebSocketTransport(webSocket, socket, {
      framing: subprotocol === "hawser.v1.json" ? textFraming : binaryFraming,
      windowBytes: takeOverInflating(webSocket, this.#inflating),
      writes: this.#writes,
      onGone: this.#onGone,
      maxUnsentBytes: subprotocol === sharedSubprotocol ? maxUnsentBytes * maxStreamsPerConnection : maxUnsentBytes,
    });
  }

  #handOver(transport: Transport, { address, subprotocol }: Approval, request: IncomingMessage): void {
    try {
      const headers = this.#headerTexts.of(request.headers);
      if (subprotocol === sharedSubprotocol) this.#share(transport, new HandshakePeer(address, "hawser.v1", headers));
      else this.#options.core.accept(transport, new HandshakePeer(address, subprotocol, headers));
    } catch (error) {
      this.#options.logger.error({ error }, "a connection could not be accepted");
      transport.terminate();
    }
  }

  /** Each stream of the connection is one to the core, and counts as one (SHARE-3). */
  #share(transport: Transport, peer: Peer): void {
    const { core, limits, clock, timers, observer } = this.#options;
    const shared = new SharedConnection({
      transport,
      frameHead: binaryFrameHead,
      admit: () => {
        const admission = this.#gate.admit(peer.address);
        return admission.kind === "admitted" ? admission : undefined;
      },
      accept: (stream) => core.accept(stream, peer),
      onClosed: () => {
        this.#sharedConnections.delete(shared);
        observer.sharedClosed();
      },
      limits,
      timers,
      now: () => clock.monotonic(),
      atTurnsEnd: (callback) => process.nextTick(callback),
    });
    this.#sharedConnections.add(shared);
    observer.sharedOpened();
  }

  #refuse(socket: Duplex, refusal: Refusal): void {
    this.#options.observer.handshakeRefused(refusal.reason);
    this.#options.logger.debug({ reason: refusal.reason, status: refusal.status }, "handshake refused");
    refuse(socket, refusal.status, refusal.text, refusal.headers);
  }
}

/** Does the handshakes and the parsing; what is longer ends at its header (WIRE-5). */
function webSocketServer(maxPayload: number, closeTimeout: number, compresses: boolean): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Either side compresses each message by itself: one compressed block serves all, and no connection keeps a window.
    perMessageDeflate: compresses && { serverNoContextTakeover: true, clientNoContextTakeover: true },
    skipUTF8Validation: false,
    maxPayload,
    maxFragments,
    closeTimeout,
    handleProtocols: (offered) => chooseSubprotocol(offered) ?? false,
  } as ConstructorParameters<typeof WebSocketServer>[0]);
}

const notFound: Refusal = { kind: "refused", reason: "path", status: 404, text: "Nothing is here." };
