import { systemPorts } from "@hawser/protocol";
import type { Ports } from "@hawser/protocol";
import type { Connector } from "../transport/transport.ts";
import { webSocketConnector } from "../transport/websocket-connector.ts";
import { resolveHostLimits } from "./host-limits.ts";
import type { SharedHostLimits } from "./host-limits.ts";
import { portLine } from "./line.ts";
import type { MessagePortLike } from "./line.ts";
import type { LockManagerLike } from "./liveness.ts";
import { SharedHost } from "./shared-host.ts";

/** How a shared worker holds connections. */
export interface ServeSharedWorkerOptions {
  /** Opens the physical connections. Default `webSocketConnector()`. */
  readonly connector?: Connector;
  readonly limits?: Partial<SharedHostLimits>;
  /** Clock, timers and randomness. Default the platform's. */
  readonly ports?: Ports;
}

/** What is used of a `SharedWorkerGlobalScope`. */
export interface SharedWorkerScope {
  onconnect: ((event: never) => void) | null;
  readonly navigator?: { readonly locks?: LockManagerLike };
}

/**
 * Holds the connections of all tabs in this shared worker. `@hawser/client/shared-worker` is a script that does just this;
 * an own script may give options.
 *
 * @throws HawserError `option-invalid`
 */
export function serveSharedWorker(
  scope: SharedWorkerScope = globalThis as unknown as SharedWorkerScope,
  options: ServeSharedWorkerOptions = {},
): void {
  const { connector = webSocketConnector(), ports = systemPorts() } = options;
  const id = Array.from(ports.random.bytes(16), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const host = new SharedHost({
    connector,
    ports,
    locks: scope.navigator?.locks,
    alive: `hawser:alive:${id}`,
    limits: resolveHostLimits(options.limits),
  });
  scope.onconnect = ({ ports: [port] }: { readonly ports: readonly MessagePortLike[] }) => {
    if (port !== undefined) host.attach(portLine(port));
  };
}
