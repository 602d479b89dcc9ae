// Sends each message back as it came, unmasked, or takes none. A bare socket, so that it is never the limit.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { answer } from "../processes/child.ts";
import type { EchoCommand, EchoReply } from "./messages.ts";

answer<EchoCommand, EchoReply>(async ({ deaf = false }) => {
  const server = createServer({ noDelay: true }, (socket) => serve(socket, deaf));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { type: "listening", port: (server.address() as AddressInfo).port, pid: process.pid };
});

function serve(socket: Socket, deaf: boolean): void {
  let head = "";
  socket.on("error", () => socket.destroy());
  const shake = (chunk: Buffer): void => {
    head += chunk.toString("latin1");
    if (!head.includes("\r\n\r\n")) return;
    socket.off("data", shake);
    const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? "";
    const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    if (deaf) socket.pause();
    else socket.on("data", echo(socket));
  };
  socket.on("data", shake);
}

/** The load masks with zeros: what is left to do is to take the mask out. */
function echo(socket: Socket): (chunk: Buffer) => void {
  let held: Buffer | undefined;
  return (chunk) => {
    const bytes = held === undefined ? chunk : Buffer.concat([held, chunk]);
    held = undefined;
    let index = 0;
    while (index < bytes.length) {
      const frame = frameAt(bytes, index);
      if (frame === undefined || frame.end > bytes.length) break;
      const header = Buffer.from(bytes.subarray(index, frame.payload - 4));
      header[1]! &= 0x7f;
      const payload = bytes.subarray(frame.payload, frame.end);
      socket.write(Buffer.concat([header, payload]));
      index = frame.end;
    }
    if (index < bytes.length) held = bytes.subarray(index);
  };
}

function frameAt(bytes: Buffer, index: number): { readonly payload: number; readonly end: number } | undefined {
  if (bytes.length - index < 6) return undefined;
  const length = bytes[index + 1]! & 0x7f;
  if (length < 126) return { payload: index + 6, end: index + 6 + length };
  if (bytes.length - index < 14) return undefined;
  if (length === 126) return { payload: index + 8, end: index + 8 + bytes.readUInt16BE(index + 2) };
  return { payload: index + 14, end: index + 14 + Number(bytes.readBigUInt64BE(index + 2)) };
}
