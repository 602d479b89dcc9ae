import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { RawHeaders } from "./handshake-headers.ts";

/** Why the proxy itself refused a handshake: stable, in the body as `error.code`. */
export type ProxyErrorCode =
  | "request-invalid"
  | "unauthorized"
  | "forbidden"
  | "no-route"
  | "upgrade-required"
  | "too-many-connections"
  | "headers-too-large"
  | "internal"
  | "upstream-failed"
  | "upstream-unavailable"
  | "rate-limited"
  | "overloaded"
  | "draining"
  | "upstream-timeout";

/** An answer of the proxy's own to a handshake that it does not pass on. */
export class ProxyRefusal extends Error {
  readonly status: number;
  readonly code: ProxyErrorCode;
  /** More headers, such as `www-authenticate` or `retry-after`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: ProxyErrorCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** Answers with the refusal as JSON, `{"error":{"code","message"}}`, and ends the socket. */
export function refuse(socket: Duplex, { status, code, message, headers }: ProxyRefusal): void {
  const body = Buffer.from(`${JSON.stringify({ error: { code, message } })}\n`);
  answer(socket, status, STATUS_CODES[status] ?? "", body, [
    ...Object.entries({
      connection: "close",
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
      "content-length": String(body.length),
      ...headers,
    }).flat(),
  ]);
}

/** Writes an answer and ends the socket when it has left. */
export function answer(socket: Duplex, status: number, reason: string, body: Buffer, headers: RawHeaders): void {
  if (socket.destroyed) return;
  socket.on("error", () => {});
  // Whatever else the client sent is read and dropped, so that the answer is not lost in a reset.
  socket.resume();
  socket.once("finish", () => socket.destroy());
  socket.end(Buffer.concat([responseHead(status, reason, headers), body]));
}

/** Status line and headers, as they go on the wire. */
export function responseHead(status: number, reason: string, headers: RawHeaders): Buffer {
  const lines = [`HTTP/1.1 ${status} ${reason}`];
  for (let index = 0; index + 1 < headers.length; index += 2) lines.push(`${headers[index]}: ${headers[index + 1]}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}
