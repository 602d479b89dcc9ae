import { Home } from "../../src/home/home.ts";
import type { HomeOptions } from "../../src/home/home.ts";
import { Relay } from "../../src/relay/relay.ts";
import { FakeUpstreams } from "./fake-upstreams.ts";
import { MemoryRelays } from "./memory-relays.ts";
import { SimulatedPorts } from "./simulated-ports.ts";

/** A node of the service, as far as virtual sockets see it. */
export interface RelayNode {
  readonly home: Home;
  readonly relay: Relay;
  readonly upstreams: FakeUpstreams;
}

/** Two nodes, node-a and node-b, that reach each other by links in memory. */
export function relayScene(limits: HomeOptions["limits"] = {}): {
  readonly ports: SimulatedPorts;
  readonly relays: MemoryRelays;
  readonly a: RelayNode;
  readonly b: RelayNode;
  /** Another life of a node. */
  readonly start: (name: string) => RelayNode;
  readonly reported: unknown[];
} {
  const ports = new SimulatedPorts();
  const relays = new MemoryRelays(ports);
  const reported: unknown[] = [];
  const start = (name: string): RelayNode => {
    const upstreams = new FakeUpstreams();
    const shared = { clock: ports, timers: ports };
    const home = new Home({ ...shared, name, upstreams, random: ports, limits });
    const relay = new Relay({
      ...shared,
      home,
      dialer: relays,
      addressOf: (other) => (other.startsWith("node-") ? `ws://${other}` : undefined),
      report: (_, error) => reported.push(error),
    });
    relays.nodes.set(`ws://${name}`, relay);
    return { home, relay, upstreams };
  };
  return { ports, relays, a: start("node-a"), b: start("node-b"), start, reported };
}
