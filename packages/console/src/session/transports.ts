import { fallbackConnector, httpPollingConnector, httpStreamConnector, webSocketConnector } from "@hawser/client";
import type { Connector } from "@hawser/client";
import { sharedConnections } from "./shared-connections.ts";

/**
 * How the page gets to its server: by a WebSocket, which all tabs share unless the address says `?shared=no`, and where
 * WebSockets do not get through, by HTTP. What got through is remembered as long as the page lives.
 *
 * @param principal the same for tabs that share.
 */
export function transports(principal: string): Connector {
  const shares = new URLSearchParams(location.search).get("shared") !== "no";
  const first = shares ? sharedConnections(principal) : webSocketConnector();
  return fallbackConnector([first, httpStreamConnector(), httpPollingConnector()]);
}
