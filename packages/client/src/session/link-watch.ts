import type { Ports, Timer } from "@hawser/protocol";
import type { Link } from "./link.ts";
import type { LinkHealth } from "./link-health.ts";
import type { Links } from "./links.ts";

export interface LinkWatchHandlers {
  /** Streams are better placed elsewhere. */
  onLeaving(link: Link): void;
  /** It is as good as the others again. */
  onRecovered(link: Link): void;
  /** Every so often, when the connections have stood for a while. */
  onBalance(): void;
  onChange(): void;
}

/** Slow is what takes longer than so many times the fastest, and so many milliseconds more; good again at half of both. */
const slowFactor = 3;
const slowMs = 100;
/** How often streams are spread anew: seldom, since a connection that comes and goes should not draw them to and fro. */
const balanceEveryMs = 10_000;

/**
 * Watches the connections of a session as long as there are several: pings each, and says which to avoid, because an
 * answer is late or because another connection is much faster. With one connection there is no choice, and no ping
 * beyond the heartbeat.
 */
export class LinkWatch {
  readonly #ports: Ports;
  readonly #links: Links;
  readonly #stallAfterMs: number;
  readonly #handlers: LinkWatchHandlers;
  #timer: Timer | undefined;
  #balancedAt: number;

  /** @param stallAfterMs - Until an answer is late; a connection is asked twice in that time. */
  constructor(ports: Ports, links: Links, stallAfterMs: number, handlers: LinkWatchHandlers) {
    this.#ports = ports;
    this.#links = links;
    this.#stallAfterMs = stallAfterMs;
    this.#handlers = handlers;
    this.#balancedAt = ports.clock.monotonic();
  }

  /** A connection came or went. */
  update(): void {
    // The one that is left is the best there is.
    if (this.#links.size < 2) return this.stop();
    this.#balancedAt = this.#ports.clock.monotonic();
    if (this.#timer === undefined) this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    this.#timer = this.#ports.timers.after(this.#stallAfterMs / 2, () => {
      this.#arm();
      this.#look();
    });
  }

  #look(): void {
    const now = this.#ports.clock.monotonic();
    for (const link of [...this.#links]) {
      // What is told of one may end another.
      if (!this.#links.has(link) || link.health === "leaving") continue;
      const health = this.#healthOf(link);
      link.connection.ask();
      if (health === link.health) continue;
      link.health = health;
      this.#handlers.onChange();
      if (health === "good") this.#handlers.onRecovered(link);
      else this.#handlers.onLeaving(link);
    }
    if (now - this.#balancedAt < balanceEveryMs) return;
    this.#balancedAt = now;
    this.#handlers.onBalance();
  }

  #healthOf(link: Link): LinkHealth {
    const { waitingMs, roundTripMs } = link.connection;
    if (waitingMs >= this.#stallAfterMs) return "stalled";
    if (roundTripMs === undefined) return link.health;
    const others = [...this.#links].filter(
      (other) => other !== link && other.lane === link.lane && other.health === "good",
    );
    const fastestMs = Math.min(...others.map(({ connection }) => connection.roundTripMs ?? Infinity));
    const limitMs = fastestMs * slowFactor + slowMs;
    return roundTripMs > (link.health === "slow" ? limitMs / 2 : limitMs) ? "slow" : "good";
  }
}
