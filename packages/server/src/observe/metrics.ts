import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { BoundedCounter } from "./bounded-counter.ts";
import type { ApiObserver } from "../api/http-api.ts";
import type { MoveEvent } from "../drain/drain.ts";
import type { NodeObserver } from "./observer.ts";

/** Why the door refused a handshake. */
export type RefusalReason =
  | "path"
  | "method"
  | "version"
  | "subprotocol"
  | "origin"
  | "headers"
  | "media-type"
  | "body"
  | "pipelined"
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
  /** A connection that several clients may share was opened. */
  sharedOpened(): void;
  /** It has ended. */
  sharedClosed(): void;
}

interface Writing {
  /** Publishes. */
  accepted: number;
  writes: number;
  bytes: number;
  deliveries: number;
  /** Batches. */
  shared: number;
  own: number;
}

const nothingWritten: Readonly<Writing> = { accepted: 0, writes: 0, bytes: 0, deliveries: 0, shared: 0, own: 0 };

/**
 * The metrics of one server, all names `hawser_*`: told by core and door through their observers, shown by `expose`.
 * Every report is an addition or a look-up, so that it may stand on the hot path.
 */
export class Metrics implements NodeObserver, DoorObserver, ApiObserver {
  /** Where further families are added, such as those of the process. */
  readonly registry: Registry = new Registry();
  readonly #connections: Gauge;
  readonly #connectionsOpened: Counter;
  readonly #handshakesRefused: BoundedCounter<RefusalReason>;
  readonly #handshakesEvicted: Counter;
  readonly #sharedConnections: Gauge;
  readonly #closes: BoundedCounter<string>;
  readonly #sessions: Gauge;
  readonly #subscriptions: Gauge;
  readonly #channels: Gauge;
  readonly #tailBytes: Gauge;
  readonly #members: Gauge;
  readonly #watches: Gauge;
  readonly #unconfirmedBytes: Gauge;
  readonly #framesIn: Counter;
  readonly #messagesIn: Counter;
  readonly #bytesIn: Counter;
  readonly #writes: Counter;
  readonly #bytesOut: Counter;
  /** What happens with each delivery and each publish adds up here, and is counted when the metrics are shown. */
  #writing: Writing = { ...nothingWritten };
  readonly #publishes: BoundedCounter<string>;
  readonly #deliveries: Counter;
  readonly #batches: BoundedCounter<"shared" | "own">;
  readonly #deflatedIn: Counter;
  readonly #deflatedOut: Counter;
  readonly #catchUpReads: Counter;
  readonly #catchUpEntries: Counter;
  readonly #resets: BoundedCounter<string>;
  readonly #calls: BoundedCounter<string>;
  readonly #callMs: Histogram;
  readonly #appends: Counter;
  readonly #appendMs: Histogram;
  readonly #draining: Gauge;
  readonly #moves: BoundedCounter<MoveEvent>;
  readonly #rebalanced: BoundedCounter<MoveEvent>;
  readonly #clusterNodes: Gauge;
  readonly #apiRequests: Counter<"operation" | "status">;

  /** @param labels - Carried by every metric. Default: none. */
  constructor(labels: Readonly<Record<string, string>> = {}) {
    this.registry.setDefaultLabels(labels);
    // A registry of its own, so that two servers in a process do not mix.
    const registers = [this.registry];
    const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });
    const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
    const counterBy = <Label extends string>(
      name: string,
      help: string,
      labelName: string,
      known: readonly Label[] = [],
    ): BoundedCounter<Label> => new BoundedCounter({ registry: this.registry, name, help, labelName, known });
    const histogram = (name: string, help: string): Histogram =>
      new Histogram({ name, help, registers, buckets: [...latencyBoundsMs] });

    this.#connections = gauge("hawser_connections", "Connections that are open now.");
    this.#connectionsOpened = counter("hawser_connections_opened_total", "Connections that were opened.");
    this.#handshakesRefused = counterBy("hawser_handshakes_refused_total", "Handshakes refused, by reason.", "reason");
    this.#handshakesEvicted = counter("hawser_handshakes_evicted_total", "Unfinished handshakes cut to make room.");
    this.#sharedConnections = gauge(
      "hawser_shared_connections",
      "Physical connections that carry streams of several clients.",
    );
    this.#closes = counterBy("hawser_closes_total", "Connections that ended, by close code.", "code");
    this.#sessions = gauge("hawser_sessions", "Connections with a session now.");
    this.#subscriptions = gauge("hawser_subscriptions", "Subscriptions now.");
    this.#channels = gauge("hawser_channels", "Channels that the node follows now.");
    this.#tailBytes = gauge("hawser_tail_bytes", "Cost of the entries held in tails.");
    this.#members = gauge("hawser_presence_members", "Members of channels that the node answers for.");
    this.#watches = gauge("hawser_presence_watches", "Watches of who is in a channel.");
    this.#unconfirmedBytes = gauge("hawser_unconfirmed_bytes", "Bytes sent to all connections and not confirmed yet.");
    this.#framesIn = counter("hawser_frames_in_total", "Frames that clients sent.");
    this.#messagesIn = counter("hawser_messages_in_total", "Transport messages that clients sent.");
    this.#bytesIn = counter("hawser_bytes_in_total", "Bytes of the transport messages that clients sent.");
    this.#writes = counter("hawser_writes_total", "Raw writes to connections.");
    this.#bytesOut = counter("hawser_bytes_out_total", "Bytes written to connections.");
    this.#publishes = counterBy("hawser_publishes_total", "Publishes, by outcome.", "outcome", [
      "accepted",
      "duplicate",
    ]);
    this.#deliveries = counter("hawser_deliveries_total", "Channel messages sent to subscribers.");
    this.#batches = counterBy("hawser_batches_total", "Batches sent, by whether their bytes were shared.", "bytes", [
      "shared",
      "own",
    ]);
    this.#deflatedIn = counter("hawser_deflate_in_bytes_total", "Bytes of blocks before they were compressed.");
    this.#deflatedOut = counter("hawser_deflate_out_bytes_total", "Bytes of the same blocks as they go out.");
    this.#catchUpReads = counter("hawser_catch_up_reads_total", "Reads of the log for cursors behind the tail.");
    this.#catchUpEntries = counter("hawser_catch_up_entries_total", "Entries read for cursors behind the tail.");
    this.#resets = counterBy("hawser_resets_total", "Subscriptions that could not continue, by reason.", "reason");
    this.#calls = counterBy("hawser_calls_total", "Calls, by outcome.", "outcome");
    this.#callMs = histogram("hawser_call_milliseconds", "Time from a call to its answer.");
    this.#appends = counter("hawser_appends_total", "Appends that the log answered.");
    this.#appendMs = histogram("hawser_append_milliseconds", "Time from handing appends to the log to its answer.");
    this.#draining = gauge("hawser_draining", "1 once a drain has begun, else 0.");
    this.#moves = counterBy("hawser_moves_total", "Connections of a drain, by what became of them.", "event", [
      "told",
      "moved",
      "closed",
    ]);
    this.#rebalanced = counterBy(
      "hawser_rebalanced_total",
      "Connections that other nodes should have, by what became of them.",
      "event",
      ["told", "moved", "closed"],
    );
    this.#clusterNodes = gauge("hawser_cluster_nodes", "Nodes of the cluster that live, as this one knows.");
    this.#clusterNodes.set(1);
    this.#apiRequests = new Counter({
      name: "hawser_api_requests_total",
      help: "Requests of the HTTP API, by operation and status.",
      labelNames: ["operation", "status"],
      registers,
    });
  }

  /** What `expose` gives is of this media type. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** All metrics in the Prometheus text format. */
  expose(): Promise<string> {
    this.#count();
    return this.registry.metrics();
  }

  handshakeRefused(reason: RefusalReason): void {
    this.#handshakesRefused.add(reason);
  }

  handshakeEvicted(): void {
    this.#handshakesEvicted.inc();
  }

  sharedOpened(): void {
    this.#sharedConnections.inc();
  }

  sharedClosed(): void {
    this.#sharedConnections.dec();
  }

  connectionOpened(): void {
    this.#connections.inc();
    this.#connectionsOpened.inc();
  }

  connectionClosed(code: number, connected: boolean): void {
    this.#connections.dec();
    if (connected) this.#sessions.dec();
    this.#closes.add(String(code));
  }

  connected(): void {
    this.#sessions.inc();
  }

  received(frames: number, bytes: number): void {
    this.#messagesIn.inc();
    this.#framesIn.inc(frames);
    this.#bytesIn.inc(bytes);
  }

  sent(bytes: number): void {
    this.#writing.writes += 1;
    this.#writing.bytes += bytes;
  }

  subscribed(): void {
    this.#subscriptions.inc();
  }

  unsubscribed(): void {
    this.#subscriptions.dec();
  }

  published(outcome: string): void {
    if (outcome === "accepted") this.#writing.accepted += 1;
    else this.#publishes.add(outcome);
  }

  appended(count: number, elapsedMs: number): void {
    this.#appends.inc(count);
    this.#appendMs.observe(elapsedMs);
  }

  delivered(messages: number, shared: boolean): void {
    this.#writing.deliveries += messages;
    if (shared) this.#writing.shared += 1;
    else this.#writing.own += 1;
  }

  deflated(messageBytes: number, deflatedBytes: number): void {
    this.#deflatedIn.inc(messageBytes);
    this.#deflatedOut.inc(deflatedBytes);
  }

  catchUpRead(entries: number): void {
    this.#catchUpReads.inc();
    this.#catchUpEntries.inc(entries);
  }

  reset(reason: string): void {
    this.#resets.add(reason);
  }

  called(outcome: string, elapsedMs: number): void {
    this.#calls.add(outcome);
    this.#callMs.observe(elapsedMs);
  }

  presence(members: number, watches: number): void {
    this.#members.set(members);
    this.#watches.set(watches);
  }

  unconfirmed(bytes: number): void {
    this.#unconfirmedBytes.set(bytes);
  }

  draining(): void {
    this.#draining.set(1);
  }

  move(event: MoveEvent): void {
    this.#moves.add(event);
  }

  rebalanced(event: MoveEvent): void {
    this.#rebalanced.add(event);
  }

  clusterNodes(count: number): void {
    this.#clusterNodes.set(count);
  }

  /** There are few operations, and few statuses. */
  apiAnswered(operation: string, status: number): void {
    this.#apiRequests.labels(operation, String(status)).inc();
  }

  tails(channels: number, cost: number): void {
    this.#channels.set(channels);
    this.#tailBytes.set(cost);
  }

  #count(): void {
    const { accepted, writes, bytes, deliveries, shared, own } = this.#writing;
    this.#writing = { ...nothingWritten };
    this.#publishes.add("accepted", accepted);
    this.#writes.inc(writes);
    this.#bytesOut.inc(bytes);
    this.#deliveries.inc(deliveries);
    this.#batches.add("shared", shared);
    this.#batches.add("own", own);
  }
}

const latencyBoundsMs: readonly number[] = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];
