import type { Client } from "@hawser/client";
import { roundTripSamples } from "../model/connection-facts.ts";
import type { ConnectionFacts } from "../model/connection-facts.ts";
import { ConnectionLog } from "../model/connection-log.ts";
import { Samples } from "../model/samples.ts";

/** How long `goOffline` stays away. */
const offlineMs = 10_000;

/** How often the round trip is measured. */
const measureMs = 2_000;

/** Watches the client's connection: what the panel shows, and the two ways to break it. */
export class ConnectionWatch {
  readonly log = new ConnectionLog();
  readonly #client: Client;
  readonly #changed: () => void;
  readonly #roundTrips = new Samples(roundTripSamples);
  #state: ConnectionFacts["state"] | undefined;
  #times = 0;
  #lost = false;
  #measuredAt = 0;
  #offline: { readonly until: number; readonly timer: ReturnType<typeof setTimeout> } | undefined;

  constructor(client: Client, changed: () => void) {
    this.#client = client;
    this.#changed = changed;
    client.addEventListener("status", () => this.#look());
    this.#look();
  }

  /** Measures the round trip, unless one was measured a moment ago. To be called every second while somebody looks. */
  measure(): void {
    const now = Date.now();
    if (this.#client.status.state !== "connected" || now - this.#measuredAt < measureMs) return;
    this.#measuredAt = now;
    this.#client.probe();
  }

  /** Connects at once, instead of waiting longer. */
  retry(): void {
    this.#client.goOnline();
  }

  cut(): void {
    this.log.add(Date.now(), "warning", "You cut every connection");
    this.#client.reconnect();
  }

  /** Cuts one connection; the others go on. */
  cutOne(id: number): void {
    this.log.add(Date.now(), "warning", `You cut connection ${id}`);
    this.#client.reconnect(id);
  }

  goOffline(): void {
    if (this.#offline !== undefined) return;
    this.log.add(Date.now(), "warning", "You went offline for ten seconds");
    this.#offline = { until: Date.now() + offlineMs, timer: setTimeout(() => this.goOnline(), offlineMs) };
    this.#client.goOffline();
    this.#changed();
  }

  goOnline(): void {
    if (this.#offline === undefined) return;
    clearTimeout(this.#offline.timer);
    this.#offline = undefined;
    this.#client.goOnline();
    this.#changed();
  }

  /** Nothing is done by itself any more. */
  stop(): void {
    clearTimeout(this.#offline?.timer);
  }

  facts(): ConnectionFacts {
    const { status, statistics } = this.#client;
    return {
      state: status.state,
      since: status.since,
      user: status.user,
      endpoint: status.connections.at(-1)?.endpoint ?? "",
      connections: status.connections,
      until: status.until,
      problem: this.#problem(),
      roundTrips: this.#roundTrips.values,
      offlineUntil: this.#offline?.until,
      statistics,
      events: this.log.events,
    };
  }

  #look(): void {
    const { state, user, connections } = this.#client.status;
    const roundTripMs = connections.find((one) => one.state === "connected")?.roundTripMs;
    if (roundTripMs !== undefined && roundTripMs !== this.#roundTrips.last) this.#roundTrips.add(roundTripMs);
    if (state !== this.#state) {
      // Lost once, and after that not reached: an attempt in between does not count.
      if (state === "waiting") this.#lost = this.#state === "connected";
      this.#state = state;
      this.#tell(state, user);
    }
    this.#changed();
  }

  #tell(state: ConnectionFacts["state"], user: string): void {
    const now = Date.now();
    if (state === "connected") {
      this.#times += 1;
      this.log.add(now, "good", this.#times === 1 ? `Connected as ${user}` : "Connected again");
    } else if (state === "waiting") {
      this.log.add(now, "warning", this.#problem());
    } else if (state === "closed") {
      this.log.add(now, "bad", this.#problem());
    }
  }

  /** Why there is no connection, in words for people: what the server said, or that nothing was heard of it. */
  #problem(): string {
    const error = this.#client.status.lastError;
    if (error !== undefined && error.code !== "connection-lost") return error.message;
    return this.#lost ? "The connection was lost." : "The server cannot be reached.";
  }
}
