import type { IncomingMessage, ServerResponse } from "node:http";
import type { Timers } from "@hawser/protocol";
import type { Logger } from "../observe/logger.ts";
import type { DoorObserver } from "../observe/metrics.ts";
import type { Limits } from "../policy/limits.ts";
import { HttpStreamTransport } from "../transport/http-stream.ts";
import type { AnswerKind } from "../transport/http-stream.ts";
import { OpenTransports } from "../transport/open-transports.ts";
import { streamFraming } from "../transport/stream-framing.ts";
import type { DoorCore } from "./door.ts";
import type { RequestHandler } from "./endpoints.ts";
import type { Gate } from "./gate.ts";
import { HandshakePeer } from "./handshake-peer.ts";
import { HeaderTexts } from "./header-texts.ts";
import type { Refusal } from "./handshake.ts";
import { judgeRequest } from "./http-request.ts";
import { pathOf } from "./path.ts";

export interface HttpDoorOptions {
  readonly core: DoorCore;
  /** That of the WebSocket: requests go to `stream`, `poll` and `requests` below it. */
  readonly path: string;
  readonly gate: Gate;
  readonly limits: Limits;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly observer: DoorObserver;
  /** A request that was let in occupies its socket; what is returned is called when it has ended. */
  readonly occupy: (request: IncomingMessage) => () => void;
}

/** How long a browser may remember what a preflight was told. */
const preflightSeconds = 7_200;

/** Turns HTTP requests into transports: the way in where WebSockets do not get through (spec section 14). */
export class HttpDoor {
  readonly #options: HttpDoorOptions;
  readonly #kinds: ReadonlyMap<string, AnswerKind>;
  readonly #transports = new OpenTransports();
  readonly #headerTexts = new HeaderTexts();

  constructor(options: HttpDoorOptions) {
    this.#options = options;
    const kinds: readonly AnswerKind[] = ["stream", "poll", "requests"];
    this.#kinds = new Map(kinds.map((kind) => [`${options.path}/${kind}`, kind]));
  }

  /** Answers the requests to its paths; false, with nothing done, for any other. */
  readonly handle: RequestHandler = (request, response) => {
    const kind = this.#kinds.get(pathOf(request.url));
    if (kind === undefined) return false;
    this.#answer(request, response, kind);
    return true;
  };

  /** Resolves when no transport is open. Each that closes does so within `closeTimeoutMs`. */
  emptied(): Promise<void> {
    return this.#transports.emptied();
  }

  /** Cuts what is still open. */
  detach(): void {
    this.#transports.terminate();
  }

  #answer(request: IncomingMessage, response: ServerResponse, kind: AnswerKind): void {
    const { gate, limits } = this.#options;
    const judged = judgeRequest(request, gate.rules, limits.maxBodyBytes);
    const headers = judged.crossOrigin === undefined ? {} : corsHeaders(judged.crossOrigin);
    // Behind an answer that has not ended nothing can be said, and Node never tells that such a one was cut.
    if (response.socket === null) return this.#refuse(request, response, pipelined, headers);
    if (judged.kind === "refused") return this.#refuse(request, response, judged, headers);
    if (judged.kind === "preflight") {
      response.writeHead(204, { ...headers, ...preflightHeaders }).end();
      return;
    }
    const coming = kind === "requests" ? "brief" : "lasting";
    const closed = gate.refusalOf(coming);
    if (closed !== undefined) return this.#refuse(request, response, closed, headers);
    const entry = gate.admit(judged.address);
    if (entry.kind === "refused") return this.#refuse(request, response, entry, headers);
    const vacate = this.#options.occupy(request);
    const transport = new HttpStreamTransport({
      request,
      response,
      kind,
      framing: streamFraming(judged.subprotocol, request.headers.accept),
      binary: judged.subprotocol === "hawser.v1",
      headers,
      limits,
      timers: this.#options.timers,
    });
    this.#transports.add(transport);
    response.once("close", () => {
      entry.leave();
      vacate();
      this.#transports.delete(transport);
    });
    try {
      const { address, subprotocol } = judged;
      this.#options.core.accept(
        transport,
        new HandshakePeer(address, subprotocol, this.#headerTexts.of(request.headers), coming),
      );
    } catch (error) {
      this.#options.logger.error({ error }, "a connection could not be accepted");
      transport.terminate();
    }
  }

  #refuse(
    request: IncomingMessage,
    response: ServerResponse,
    refusal: Refusal,
    headers: Readonly<Record<string, string>>,
  ): void {
    this.#options.observer.handshakeRefused(refusal.reason);
    this.#options.logger.debug({ reason: refusal.reason, status: refusal.status }, "request refused");
    // What is left of its body is read and dropped, so that the answer is not lost in a reset.
    request.resume();
    const body = `${refusal.text}\n`;
    response.writeHead(refusal.status, {
      "content-type": "text/plain; charset=utf-8",
      "content-length": Buffer.byteLength(body),
      "cache-control": "no-store",
      // A body that nobody wants is not waited for. (HTTP/2 has no such header.)
      ...(request.httpVersionMajor === 1 ? { connection: "close" } : {}),
      ...headers,
      ...refusal.headers,
    });
    response.end(body);
  }
}

const pipelined: Refusal = {
  kind: "refused",
  reason: "pipelined",
  status: 400,
  text: "Wait for the answer to the request ahead of this one, or use another connection.",
};

/** A page of this origin may read the answer. No cookies: whom a request comes from is said in its body. */
function corsHeaders(origin: string): Readonly<Record<string, string>> {
  return { "access-control-allow-origin": origin, vary: "origin" };
}

const preflightHeaders: Readonly<Record<string, string>> = {
  "access-control-allow-methods": "POST",
  "access-control-allow-headers": "content-type, accept",
  "access-control-max-age": String(preflightSeconds),
};
