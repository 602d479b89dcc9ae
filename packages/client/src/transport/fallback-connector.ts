import { HawserError, systemPorts } from "@hawser/protocol";
import type { Ports } from "@hawser/protocol";
import { FallbackTransport } from "./fallback-transport.ts";
import type { Connector } from "./transport.ts";
import { TransportMemory } from "./transport-memory.ts";
import type { TransportStore } from "./transport-memory.ts";

/** How one kind of transport is tried behind the other. */
export interface FallbackOptions {
  /** How long the first one is given before the next one is tried beside it; whichever is connected first is used. Default 2,500. */
  readonly patienceMs?: number;
  /** After this time a new connection tries the first kind again, although a later one is remembered. Default 600,000. */
  readonly retryMs?: number;
  /**
   * Where the choice for each endpoint outlives the page, such as `localStorage`; errors that it throws are ignored.
   * Default: it is remembered by the connector alone.
   */
  readonly store?: TransportStore;
  /** Clock and timers. Default the platform's. */
  readonly ports?: Pick<Ports, "clock" | "timers">;
}

/**
 * Connects by the first of some kinds of transport that gets through, and remembers for each endpoint which that was.
 * Getting through means that the server has answered `connect`: a proxy that takes a WebSocket and swallows what is
 * sent on it is found, too.
 *
 * @example
 * const connector = fallbackConnector([webSocketConnector(), httpStreamConnector(), httpPollingConnector()]);
 * const client = createClient({ url: "wss://example.com/hawser", connector });
 *
 * @throws HawserError `option-invalid`
 */
export function fallbackConnector(connectors: readonly Connector[], options: FallbackOptions = {}): Connector {
  const { patienceMs = 2_500, retryMs = 600_000, store, ports = systemPorts() } = options;
  if (connectors.length === 0 || new Set(connectors.map(({ name }) => name)).size < connectors.length) {
    throw new HawserError("option-invalid", "Connectors to fall back to are at least one, each of another kind");
  }
  for (const [name, value] of Object.entries({ patienceMs, retryMs })) {
    if (Number.isFinite(value) && value > 0) continue;
    throw new HawserError("option-invalid", `\`${name}\` is a number of milliseconds above 0, not ${String(value)}`);
  }
  const memory = new TransportMemory({ clock: ports.clock, retryMs, store });
  return {
    name: "fallback",
    connect(url, subprotocol, handlers) {
      const remembered = connectors.find(({ name }) => name === memory.recall(url));
      const order =
        remembered === undefined ? connectors : [remembered, ...connectors.filter((one) => one !== remembered)];
      return new FallbackTransport({
        connectors: order,
        url,
        subprotocol,
        handlers,
        patienceMs,
        timers: ports.timers,
        onChosen: (name) => {
          if (name === connectors[0]!.name) memory.forget(url);
          // What is remembered keeps its age, or else the first kind would never be tried again.
          else if (name !== remembered?.name) memory.remember(url, name);
        },
      });
    },
  };
}
