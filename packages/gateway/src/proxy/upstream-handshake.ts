import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { connect as connectTcp, isIP } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import type { ConnectionOptions } from "node:tls";
import type { RawHeaders } from "./handshake-headers.ts";
import { UpstreamRefused } from "./pool-port.ts";
import type { ProxyTarget } from "./pool-port.ts";

export interface UpstreamHandshake {
  readonly target: ProxyTarget;
  /** Path and query that the target is asked for. */
  readonly path: string;
  readonly headers: RawHeaders;
  /** Goes before everything else, TLS too; `undefined`: nothing. */
  readonly preface: Uint8Array | undefined;
  /** Past it the answer is an error. */
  readonly maxAnswerBytes: number;
  /** A connection stands: TCP, and TLS where it is spoken. */
  readonly onConnect: () => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** A target that has upgraded. */
export interface UpgradedTarget {
  readonly socket: Socket;
  readonly reason: string;
  readonly headers: RawHeaders;
  /** What it sent behind its answer. */
  readonly head: Buffer;
}

/**
 * Asks a target for an upgrade, over a new socket. Rejects with `UpstreamRefused` for any answer but 101, else with the
 * platform's error.
 */
export async function shakeHands(handshake: UpstreamHandshake): Promise<UpgradedTarget> {
  const { target, path, headers, preface, maxAnswerBytes, onConnect, signal } = handshake;
  signal.throwIfAborted();
  const socket = openSocket(target, preface);
  socket.once(socket instanceof TLSSocket ? "secureConnect" : "connect", onConnect);
  const request = httpRequest({
    method: "GET",
    path,
    headers: [...headers],
    setHost: false,
    createConnection: () => socket,
  });
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      // The reason tells a pool whether the target was too slow, or nobody waits any more.
      const reason: unknown = signal.reason;
      request.destroy(reason instanceof Error ? reason : new Error("The handshake was given up."));
    };
    const settle = (): void => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort);
    request.on("error", (error) => {
      settle();
      // Bytes that are no HTTP leave the socket open.
      socket.destroy();
      reject(error);
    });
    request.on("upgrade", (response, _, head) => {
      settle();
      socket.on("error", () => {});
      resolve({ socket, reason: response.statusMessage ?? "", headers: response.rawHeaders, head });
    });
    request.on("response", (response) => {
      readAnswer(response, maxAnswerBytes).then(
        (refused) => {
          settle();
          socket.destroy();
          reject(refused);
        },
        (error: unknown) => {
          settle();
          socket.destroy();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
    request.end();
  });
}

function openSocket({ url, tls, open }: ProxyTarget, preface: Uint8Array | undefined): Socket {
  if (open !== undefined) return open();
  const secure = url.protocol === "wss:" || url.protocol === "https:";
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  const socket = connectTcp({ host, port, allowHalfOpen: true, noDelay: true, keepAlive: true });
  if (preface !== undefined) socket.write(preface);
  if (!secure) return socket;
  const options: ConnectionOptions & { readonly allowHalfOpen: true } = {
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ALPNProtocols: ["http/1.1"],
    ...tls,
    socket,
    allowHalfOpen: true,
  };
  return connectTls(options);
}

async function readAnswer(response: IncomingMessage, maxBytes: number): Promise<UpstreamRefused> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > maxBytes) throw new Error(`The target's answer has a body of more than ${maxBytes} bytes.`);
    pieces.push(piece);
  }
  return new UpstreamRefused(
    response.statusCode ?? 0,
    response.statusMessage ?? "",
    response.rawHeaders,
    Buffer.concat(pieces),
  );
}
