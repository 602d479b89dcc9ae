import { abnormalClosure } from "@hawser/protocol";
import type { Connector } from "@hawser/client";
import type { Peer, Transport } from "@hawser/server/core";
import type { RandomStream } from "../random/random-stream.ts";
import type { Process } from "../time/process.ts";
import type { SimulatedTime } from "../time/simulated-time.ts";
import { describeMessage } from "../trace/describe-frames.ts";
import type { Trace } from "../trace/trace.ts";
import type { Path } from "./one-way.ts";
import { SimulatedConnection } from "./simulated-connection.ts";
import { WireTap } from "./wire-tap.ts";

interface Listener {
  readonly process: Process;
  readonly accept: (transport: Transport, peer: Peer) => void;
}

/** What the paths of one connection are like. */
export interface Paths {
  readonly up: Path;
  readonly down: Path;
}

export interface SimulatedNetworkOptions {
  readonly time: SimulatedTime;
  readonly random: RandomStream;
  readonly trace: Trace;
  /** Drawn anew for each connection. */
  readonly paths: () => Paths;
}

/** The network between clients and nodes: opens connections, knows those that exist, and refuses some. */
export class SimulatedNetwork {
  readonly tap = new WireTap();
  readonly #options: SimulatedNetworkOptions;
  readonly #listeners = new Map<string, Listener>();
  readonly #connections = new Set<SimulatedConnection>();
  #lastId = 0;
  #refuses: () => boolean = () => false;

  constructor(options: SimulatedNetworkOptions) {
    this.#options = options;
    this.tap.listen({
      onArrived: (connection, way, message) => {
        options.trace.bytes(connection.id * 2 + (way === "up" ? 0 : 1), message);
        if (options.trace.verbose) options.trace.line(() => describeMessage(connection, way, message));
      },
    });
  }

  /** Those on which something can still happen, the oldest first. */
  get connections(): readonly SimulatedConnection[] {
    return [...this.#connections];
  }

  /** A node takes connections at `ws://host`. */
  listen(host: string, process: Process, accept: (transport: Transport, peer: Peer) => void): void {
    this.#listeners.set(host, { process, accept });
  }

  /** Asked at each attempt to connect. */
  refuseWhen(refuses: () => boolean): void {
    this.#refuses = refuses;
  }

  /** What a client's process opens connections with. */
  connector(client: Process): Connector {
    return {
      name: "simulated",
      connect: (url, subprotocol, handlers) => {
        const { time, random, trace, paths } = this.#options;
        const host = new URL(url).hostname;
        const { up, down } = paths();
        this.#lastId += 1;
        const id = this.#lastId;
        let abandoned = false;
        const listener = this.#listeners.get(host);
        const fail = (): void => {
          if (abandoned) return;
          trace.note(`connection ${id}: refused to ${client.name} at ${host}`);
          client.run(() => handlers.onClose(abnormalClosure, ""));
        };
        if (listener === undefined || !listener.process.alive || this.#refuses()) {
          time.after(up.latencyMs + down.latencyMs, fail);
          return {
            send: () => {},
            bufferedBytes: 0,
            close: (code, reason) => {
              if (abandoned) return;
              abandoned = true;
              time.soon(() => client.run(() => handlers.onClose(code, reason)));
            },
          };
        }
        const connection = new SimulatedConnection({
          id,
          time,
          random,
          trace,
          tap: this.tap,
          client,
          node: listener.process,
          subprotocol,
          up,
          down,
          clientHandlers: handlers,
          onGone: (gone) => this.#connections.delete(gone),
        });
        this.#connections.add(connection);
        trace.note(`connection ${id}: ${client.name} opens it to ${host}`);
        time.after(up.latencyMs, () => this.#accept(connection, listener, subprotocol, down.latencyMs));
        return connection.clientTransport;
      },
    };
  }

  #accept(connection: SimulatedConnection, listener: Listener, subprotocol: string, backMs: number): void {
    const { time } = this.#options;
    if (!listener.process.alive) {
      connection.cut(backMs, 0);
      return;
    }
    listener.process.run(() => {
      if (!connection.acceptable) return;
      listener.accept(connection.nodeTransport, {
        address: "192.0.2.1",
        subprotocol: subprotocol === "hawser.v1" ? "hawser.v1" : "hawser.v1.json",
        headers: {},
      });
      time.after(backMs, () => connection.opened());
    });
  }
}
