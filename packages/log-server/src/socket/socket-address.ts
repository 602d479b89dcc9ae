import { HawserError } from "@hawser/protocol";

/**
 * Where a log server listens: the path of a Unix domain socket, or a port of this machine. There is no authentication: the
 * file's permissions say who may, and a port is open to every user of the machine.
 */
export type SocketAddress = string | { readonly host: string; readonly port: number };

/** What the shortest field of the systems that we know has, with its final zero. */
const maxPathBytes = 103;
const loopback = /^(?:127(?:\.\d{1,3}){3}|::1|localhost)$/;

/** Throws `option-invalid` for a path that does not fit, and for a host that is not this machine. */
export function checkAddress(address: SocketAddress): void {
  if (typeof address === "string") {
    const size = Buffer.byteLength(address);
    if (size > 0 && size <= maxPathBytes) return;
    throw new HawserError(
      "option-invalid",
      `the path of a socket has 1 to ${maxPathBytes} bytes, and this one ${size}: ${address}. Name a shorter one`,
    );
  }
  if (loopback.test(address.host)) return;
  throw new HawserError(
    "option-invalid",
    `a log server has no authentication and listens on this machine alone: 127.0.0.1 or ::1, not ${address.host}`,
  );
}

/** The address for a message. */
export function addressText(address: SocketAddress): string {
  return typeof address === "string" ? address : `${address.host}:${address.port}`;
}
