import { Registry } from "./instruments.ts";
import type { Counter, CounterBy, Gauge, Histogram } from "./instruments.ts";
import type { NodeObserver } from "./observer.ts";

/** Why the door refused a handshake. */
export type RefusalReason =
  | "path"
  | "method"
  | "version"
  | "subprotocol"
  | "origin"
  | "headers"
  | "connections"
  | "connections-per-address"
  | "not-ready"
  | "handshake";

/** What the door reports, as `NodeObserver` is for the core. */
export interface DoorObserver {
  /** A handshake was refused with an HTTP status. */
  handshakeRefused(reason: RefusalReason): void;
  /** A handshake that did not finish was cut to make room for another. */
  handshakeEvicted(): void;
}

/**
 * The metrics of one server, all names `hawser_*`: told by core and door through their observers, shown by `expose`.
 * Every report costs some additions, so that it may stand on the hot path.
 */
export class Metrics implements NodeObserver, DoorObserver {
  readonly #registry: Registry;
  readonly #connections: Gauge;
  readonly #connectionsOpened: Counter;
  readonly #handshakesRefused: CounterBy<RefusalReason>;
  readonly #handshakesEvicted: Counter;
  readonly #closes: CounterBy<string>;
  readonly #sessions: Gauge;
  readonly #subscriptions: Gauge;
  readonly #channels: Gauge;
  readonly #tailBytes: Gauge;
  readonly #framesIn: Counter;
  readonly #messagesIn: Counter;
  readonly #bytesIn: Counter;
  readonly #writes: Counter;
  readonly #bytesOut: Counter;
  readonly #publishes: CounterBy<string>;
  readonly #deliveries: Counter;
  readonly #batches: CounterBy<"shared" | "own">;
  readonly #catchUpReads: Counter;
  readonly #catchUpEntries: Counter;
  readonly #resets: CounterBy<string>;
  readonly #calls: CounterBy<string>;
  readonly #callMs: Histogram;
  readonly #appends: Counter;
  readonly #appendMs: Histogram;

  /** @param registry - Takes further families, such as those of the process. Default: a new one. */
  constructor(registry: Registry = new Registry()) {
    this.#registry = registry;
    this.#connections = registry.gauge("hawser_connections", "Connections that are open now.");
    this.#connectionsOpened = registry.counter("hawser_connections_opened_total", "Connections that were opened.");
    this.#handshakesRefused = registry.counterBy(
      "hawser_handshakes_refused_total",
      "Handshakes refused, by reason.",
      "reason",
    );
    this.#handshakesEvicted = registry.counter(
      "hawser_handshakes_evicted_total",
      "Unfinished handshakes cut to make room.",
    );
    this.#closes = registry.counterBy("hawser_closes_total", "Connections that ended, by close code.", "code");
    this.#sessions = registry.gauge("hawser_sessions", "Connections with a session now.");
    this.#subscriptions = registry.gauge("hawser_subscriptions", "Subscriptions now.");
    this.#channels = registry.gauge("hawser_channels", "Channels that the node follows now.");
    this.#tailBytes = registry.gauge("hawser_tail_bytes", "Cost of the entries held in tails.");
    this.#framesIn = registry.counter("hawser_frames_in_total", "Frames that clients sent.");
    this.#messagesIn = registry.counter("hawser_messages_in_total", "Transport messages that clients sent.");
    this.#bytesIn = registry.counter("hawser_bytes_in_total", "Bytes of the transport messages that clients sent.");
    this.#writes = registry.counter("hawser_writes_total", "Raw writes to connections.");
    this.#bytesOut = registry.counter("hawser_bytes_out_total", "Bytes written to connections.");
    this.#publishes = registry.counterBy("hawser_publishes_total", "Publishes, by outcome.", "outcome", [
      "accepted",
      "duplicate",
    ]);
    this.#deliveries = registry.counter("hawser_deliveries_total", "Channel messages sent to subscribers.");
    this.#batches = registry.counterBy(
      "hawser_batches_total",
      "Batches sent, by whether their bytes were shared.",
      "bytes",
      ["shared", "own"],
    );
    this.#catchUpReads = registry.counter(
      "hawser_catch_up_reads_total",
      "Reads of the log for cursors behind the tail.",
    );
    this.#catchUpEntries = registry.counter(
      "hawser_catch_up_entries_total",
      "Entries read for cursors behind the tail.",
    );
    this.#resets = registry.counterBy(
      "hawser_resets_total",
      "Subscriptions that could not continue, by reason.",
      "reason",
    );
    this.#calls = registry.counterBy("hawser_calls_total", "Calls, by outcome.", "outcome");
    this.#callMs = registry.histogram("hawser_call_milliseconds", "Time from a call to its answer.", latencyBoundsMs);
    this.#appends = registry.counter("hawser_appends_total", "Appends that the log answered.");
    this.#appendMs = registry.histogram(
      "hawser_append_milliseconds",
      "Time from handing appends to the log to its answer.",
      latencyBoundsMs,
    );
  }

  /** Where further families are added. */
  get registry(): Registry {
    return this.#registry;
  }

  /** All metrics in the Prometheus text format 0.0.4. */
  expose(): string {
    return this.#registry.expose();
  }

  handshakeRefused(reason: RefusalReason): void {
    this.#handshakesRefused.add(reason);
  }

  handshakeEvicted(): void {
    this.#handshakesEvicted.add();
  }

  connectionOpened(): void {
    this.#connections.add(1);
    this.#connectionsOpened.add();
  }

  connectionClosed(code: number, connected: boolean): void {
    this.#connections.add(-1);
    if (connected) this.#sessions.add(-1);
    this.#closes.add(String(code));
  }

  connected(): void {
    this.#sessions.add(1);
  }

  received(frames: number, bytes: number): void {
    this.#messagesIn.add();
    this.#framesIn.add(frames);
    this.#bytesIn.add(bytes);
  }

  sent(bytes: number): void {
    this.#writes.add();
    this.#bytesOut.add(bytes);
  }

  subscribed(): void {
    this.#subscriptions.add(1);
  }

  unsubscribed(): void {
    this.#subscriptions.add(-1);
  }

  published(outcome: string): void {
    this.#publishes.add(outcome);
  }

  appended(count: number, elapsedMs: number): void {
    this.#appends.add(count);
    this.#appendMs.observe(elapsedMs);
  }

  delivered(messages: number, shared: boolean): void {
    this.#deliveries.add(messages);
    this.#batches.add(shared ? "shared" : "own");
  }

  catchUpRead(entries: number): void {
    this.#catchUpReads.add();
    this.#catchUpEntries.add(entries);
  }

  reset(reason: string): void {
    this.#resets.add(reason);
  }

  called(outcome: string, elapsedMs: number): void {
    this.#calls.add(outcome);
    this.#callMs.observe(elapsedMs);
  }

  tails(channels: number, cost: number): void {
    this.#channels.set(channels);
    this.#tailBytes.set(cost);
  }
}

const latencyBoundsMs: readonly number[] = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];
