import type { Socket } from "node:net";
import type { Timers } from "@hawser/protocol";
import type { ProxiedPeer } from "./header.ts";
import { readProxyHeader } from "./read-header.ts";

export interface AcceptHeaderOptions {
  /** Whether a proxy at this address may speak for others. */
  readonly isTrusted: (address: string) => boolean;
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly timers: Timers;
  /** The socket is cut behind it. */
  readonly onRefused: (reason: string) => void;
}

/**
 * Reads the PROXY protocol header of a connection, and not a byte further: what is behind it is put back. Whoever is not trusted, and
 * what is no header, is cut: there is nobody who could be answered.
 *
 * @param onHeader - Called once, with `undefined` where the proxy speaks for itself.
 */
export function acceptHeader(
  socket: Socket,
  { isTrusted, maxBytes, timeoutMs, timers, onRefused }: AcceptHeaderOptions,
  onHeader: (peer: ProxiedPeer | undefined) => void,
): void {
  const refuse = (reason: string): void => {
    stop();
    socket.destroy();
    onRefused(reason);
  };
  const timer = timers.after(timeoutMs, () => refuse("the PROXY protocol header did not come in time"));
  let held = Buffer.alloc(0);
  const read = (chunk: Buffer): void => {
    held = Buffer.concat([held, chunk]);
    const reading = readProxyHeader(held, maxBytes);
    if (reading.kind === "incomplete") return;
    if (reading.kind === "invalid") return refuse(reading.reason);
    stop();
    socket.pause();
    const behind = held.subarray(reading.bytes);
    if (behind.length > 0) socket.unshift(behind);
    onHeader(reading.peer);
  };
  const gone = (): void => {
    stop();
    socket.destroy();
  };
  const stop = (): void => {
    timer.cancel();
    socket.off("data", read);
    socket.off("end", gone);
    socket.off("error", gone);
    socket.off("close", gone);
  };
  if (!isTrusted(socket.remoteAddress ?? "")) return refuse("the connection is from an address that is not trusted");
  socket.on("data", read);
  socket.on("end", gone);
  socket.on("error", gone);
  socket.on("close", gone);
}
