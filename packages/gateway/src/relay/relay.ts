import type { Clock, Timers } from "@hawser/protocol";
import type { SocketClient, SocketHandler, SocketService } from "@hawser/server/core";
import type { Home } from "../home/home.ts";
import { HomeLine } from "./home-line.ts";
import { RelayHandler } from "./relay-handler.ts";
import { RelayInlet } from "./relay-inlet.ts";
import type { RelayDialer, RelayLink } from "./relay-link.ts";

export interface RelayOptions {
  readonly home: Home;
  readonly dialer: RelayDialer;
  /** Where another home takes links; `undefined`: no such node is known, and sockets that name it are gone. */
  readonly addressOf: (home: string) => string | undefined;
  /** Where other nodes reach this one: told to them in the cluster's word. Default: not told. */
  readonly address?: () => string;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Until another home has answered; past it, it is not reached (SOCK-24). Default 3,000. */
  readonly timeoutMs?: number;
  /** A line that nobody uses is closed after so long. Default 60,000. */
  readonly idleMs?: number;
  /** Told of what goes wrong between nodes. Default: nobody is. */
  readonly report?: (what: string, error: unknown) => void;
}

/**
 * The homes of a service, as one: a client whose connection is at this node has its sockets here, and reaches through here those
 * whose home is another node.
 */
export class Relay implements SocketService {
  readonly #options: RelayOptions;
  readonly #lines = new Map<string, HomeLine>();
  readonly #inlets = new Set<RelayInlet>();
  #closed = false;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** As `SocketService.relayAddress`. */
  get relayAddress(): string {
    return this.#options.address?.() ?? "";
  }

  attach(client: SocketClient): SocketHandler {
    const { home } = this.#options;
    return new RelayHandler({
      client,
      local: home.attach(client),
      isHere: (name) => name === home.name,
      lineTo: (name) => this.#lineTo(name),
    });
  }

  /** Takes a link that another node opened, and that proved that it is one. */
  accept(link: RelayLink): void {
    if (this.#closed) return link.close();
    const { home, clock, timers, report = () => {} } = this.#options;
    this.#inlets.add(
      new RelayInlet({ home, link, clock, timers, report, onClosed: (inlet) => this.#inlets.delete(inlet) }),
    );
  }

  drain(withinMs: number): Promise<void> {
    return this.#options.home.drain(withinMs);
  }

  close(): void {
    this.#closed = true;
    this.#options.home.close();
    for (const line of this.#lines.values()) line.close();
    for (const inlet of this.#inlets) inlet.close();
  }

  #lineTo(home: string): HomeLine | undefined {
    const known = this.#lines.get(home);
    if (known !== undefined) return known;
    const address = this.#options.addressOf(home);
    if (address === undefined || address === "" || this.#closed) return undefined;
    const { dialer, timers, timeoutMs = 3_000, idleMs = 60_000, report = () => {} } = this.#options;
    const line = new HomeLine({
      home,
      address,
      dialer,
      timers,
      timeoutMs,
      idleMs,
      report,
      onClosed: () => this.#lines.delete(home),
    });
    // A dialer may fail at once.
    if (!line.closed) this.#lines.set(home, line);
    return line;
  }
}
