import type { SecureContextOptions } from "node:tls";
import { HawserError } from "@hawser/protocol";
import type { Ports } from "@hawser/protocol";
import type { Logger } from "@hawser/server";
import type { Home } from "../home/home.ts";
import { Relay } from "./relay.ts";
import { RelayListener } from "./relay-listener.ts";
import { relaySecret } from "./relay-proof.ts";
import { wsRelayDialer } from "./ws-relay-dialer.ts";

/** How a node and the others reach the homes of each other. */
export interface NodeRelayOptions {
  /** The same on all nodes of the service; at least 32 bytes. */
  readonly secret: string | Uint8Array;
  /** Where the other nodes reach this one; 0: any port that is free. */
  readonly port: number;
  /** The address to listen on. Default: all. */
  readonly host?: string;
  /** Of the certificate, so that nodes speak TLS. Default: they do not, for networks of one's own. */
  readonly tls?: SecureContextOptions;
  /** What the other nodes are told in the cluster's word, such as `ws://10.0.0.5:7430`. Default: `host` and `port`, if `host` is given. */
  readonly address?: string;
  /** The addresses of other nodes by their names. Default: those that they say themselves in the cluster's word. */
  readonly nodes?: Readonly<Record<string, string>>;
}

export interface NodeRelayParts {
  readonly home: Home;
  readonly ports: Ports;
  readonly logger: Logger;
  /** What the cluster knows of another node's address. */
  readonly relayOf: (name: string) => string | undefined;
}

/** A relay on a port of its own. */
export class NodeRelay {
  readonly sockets: Relay;
  readonly #listener: RelayListener;

  /** @throws HawserError `option-invalid`. */
  constructor(options: NodeRelayOptions, { home, ports, logger, relayOf }: NodeRelayParts) {
    checkRelay(options);
    const { nodes = {}, secret } = options;
    this.sockets = new Relay({
      ...ports,
      home,
      dialer: wsRelayDialer({ ...ports, secret }),
      addressOf: (name) => (Object.hasOwn(nodes, name) ? nodes[name] : relayOf(name)),
      address: () => options.address ?? this.#ownAddress(options),
      report: (what, error) => logger.warn({ error }, what),
    });
    this.#listener = new RelayListener({ ...options, ...ports, accept: (link) => this.sockets.accept(link) });
  }

  /** The port that it listens on; 0 while it does not. */
  get port(): number {
    return this.#listener.port;
  }

  /** Rejects with the platform's error when the port cannot be had. */
  open(): Promise<void> {
    return this.#listener.open();
  }

  async close(): Promise<void> {
    this.sockets.close();
    await this.#listener.close();
  }

  #ownAddress({ host, tls }: NodeRelayOptions): string {
    if (host === undefined || this.port === 0) return "";
    const name = host.includes(":") ? `[${host}]` : host;
    return `${tls === undefined ? "ws" : "wss"}://${name}:${this.port}`;
  }
}

/** @throws HawserError `option-invalid`, naming what is wrong. */
export function checkRelay({ secret, port, address, nodes = {} }: NodeRelayOptions): void {
  relaySecret(secret);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new HawserError("option-invalid", "relay.port must be an integer from 0 to 65535.");
  if (address !== undefined) checkAddress("relay.address", address);
  for (const [name, at] of Object.entries(nodes)) checkAddress(`relay.nodes.${name}`, at);
}

function checkAddress(name: string, address: string): void {
  if (!/^wss?:\/\/[^\s/?#]+\/?$/.test(address))
    throw new HawserError("option-invalid", `${name} must be an address such as ws://10.0.0.5:7430.`);
}
