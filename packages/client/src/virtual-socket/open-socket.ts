import { VirtualSocket } from "./virtual-socket.ts";
import type { SocketHost } from "./virtual-socket.ts";
import { refuseOption } from "../option-invalid.ts";
import type { VirtualSocketOptions } from "./options.ts";

/** As `openSocket`: what a client is given to have the method of that name. */
export type OpenSocket = (
  client: SocketHost,
  upstream: string,
  protocols?: string | readonly string[],
  options?: VirtualSocketOptions,
) => VirtualSocket;

/**
 * Opens a virtual socket: a `WebSocket` to an upstream of the gateway, over the connections of a client.
 *
 * @param upstream - The name of the upstream, as the gateway's configuration says it.
 * @param protocols - The subprotocols that are offered, the best first. Default none.
 *
 * @example
 * const socket = openSocket(client, "quotes", "quotes.v1");
 * socket.onmessage = ({ data }) => console.log(data);
 *
 * @throws DOMException `SyntaxError` for bad subprotocols, HawserError `option-invalid` for bad options.
 */
export function openSocket(
  client: SocketHost,
  upstream: string,
  protocols?: string | readonly string[],
  options: VirtualSocketOptions = {},
): VirtualSocket {
  if (typeof upstream !== "string" || upstream === "") refuseOption("upstream", "the name of an upstream");
  const { path = "" } = options;
  const url = `hawser://${encodeURIComponent(upstream)}${path.startsWith("/") ? "" : "/"}${path}`;
  return new VirtualSocket(client, { url, upstream }, protocols, options);
}
