import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { BackendObserver } from "../backend/backend.ts";
import type { HomeObserver } from "../home/home.ts";
import type { SocketRecord } from "../home/socket-record.ts";
import type { PoolFigures } from "../gateway-pools.ts";
import type { AccessLog, AccessRecord } from "../proxy/access-log.ts";
import { targetMetrics } from "./target-metrics.ts";

/** Names that a client may choose are counted up to here; further ones as `other`. */
const maxNames = 1_000;

const latencyBoundsMs = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000];

/** The metrics of a gateway, in a registry of their own. */
export class GatewayMetrics implements BackendObserver, HomeObserver, AccessLog {
  readonly registry = new Registry();
  readonly #names = new Set<string>();
  readonly #sockets = this.#gauge("sockets", "Virtual sockets that this node holds.", "pool");
  readonly #opened = this.#counter("sockets_opened_total", "Virtual sockets that were opened.", "pool");
  readonly #refused = this.#counter(
    "sockets_refused_total",
    "Virtual sockets that were refused, by error code.",
    "pool",
    "code",
  );
  readonly #attached = this.#counter(
    "sockets_attached_total",
    "Virtual sockets that came over another connection.",
    "pool",
  );
  readonly #ended = this.#counter(
    "sockets_ended_total",
    "Virtual sockets that are over, by close code.",
    "pool",
    "code",
  );
  readonly #socketBytes = this.#counter(
    "sockets_bytes_total",
    "Bytes of virtual sockets that are over.",
    "pool",
    "from",
  );
  readonly #socketMessages = this.#counter(
    "sockets_messages_total",
    "Messages of virtual sockets that are over.",
    "pool",
    "from",
  );
  readonly #plain = this.#counter(
    "plain_connections_total",
    "Plain connections that have ended, by how.",
    "route",
    "pool",
    "end",
  );
  readonly #answers = this.#counter(
    "plain_answers_total",
    "Handshakes of plain clients, by the status of the answer.",
    "route",
    "status",
  );
  readonly #plainBytes = this.#counter(
    "plain_bytes_total",
    "Bytes of plain connections that have ended.",
    "pool",
    "from",
  );
  readonly #plainMessages = this.#counter(
    "plain_messages_total",
    "Messages of plain connections that have ended.",
    "pool",
    "from",
  );
  readonly #handshakeMs = this.#histogram(
    "plain_handshake_milliseconds",
    "Time from a handshake to its answer.",
    "pool",
  );
  readonly #requests = this.#counter(
    "backend_requests_total",
    "Requests to HTTP back ends, by status; 0: none came.",
    "pool",
    "status",
  );
  readonly #requestMs = this.#histogram("backend_request_milliseconds", "Time from a request to its answer.", "pool");
  readonly #failures = this.#counter("backend_failures_total", "Events that a back end did not take.", "pool");
  readonly #backendSockets = this.#gauge("backend_sockets", "Sockets to HTTP back ends.", "pool");

  /** In the Prometheus text format, the targets of `pools` as they are now. */
  async expose(pools: readonly PoolFigures[]): Promise<string> {
    return `${await this.registry.metrics()}${targetMetrics(pools)}`;
  }

  opened(upstream: string): void {
    this.#sockets.inc({ pool: upstream });
    this.#opened.inc({ pool: upstream });
  }

  refused(upstream: string, code: string): void {
    this.#refused.inc({ pool: this.#bounded(upstream), code });
  }

  over({ pool, code, fromClient, fromUpstream }: SocketRecord): void {
    this.#sockets.dec({ pool });
    this.#ended.inc({ pool, code: String(code) });
    for (const [from, { bytes, messages }] of [["client", fromClient] as const, ["upstream", fromUpstream] as const]) {
      this.#socketBytes.inc({ pool, from }, bytes);
      this.#socketMessages.inc({ pool, from }, messages);
    }
  }

  attached(upstream: string): void {
    this.#attached.inc({ pool: upstream });
  }

  backendRequest(pool: string, status: number, elapsedMs: number): void {
    this.#requests.inc({ pool, status: String(status) });
    this.#requestMs.observe({ pool }, elapsedMs);
  }

  backendFailed(pool: string): void {
    this.#failures.inc({ pool });
  }

  backendSockets(pool: string, open: number): void {
    this.#backendSockets.set({ pool }, open);
  }

  record(record: AccessRecord): void {
    const { route = "none", pool = "none", end, status, handshakeMs, fromClient, fromUpstream } = record;
    this.#plain.inc({ route, pool, end });
    this.#answers.inc({ route, status: String(status) });
    if (status !== 101) return;
    this.#handshakeMs.observe({ pool }, handshakeMs);
    for (const [from, { bytes, messages }] of [["client", fromClient] as const, ["upstream", fromUpstream] as const]) {
      this.#plainBytes.inc({ pool, from }, bytes);
      this.#plainMessages.inc({ pool, from }, messages);
    }
  }

  #bounded(name: string): string {
    if (this.#names.has(name)) return name;
    if (this.#names.size >= maxNames) return "other";
    this.#names.add(name);
    return name;
  }

  #gauge<Label extends string>(name: string, help: string, ...labelNames: Label[]): Gauge<Label> {
    return new Gauge({ name: `hawser_gateway_${name}`, help, labelNames, registers: [this.registry] });
  }

  #counter<Label extends string>(name: string, help: string, ...labelNames: Label[]): Counter<Label> {
    return new Counter({ name: `hawser_gateway_${name}`, help, labelNames, registers: [this.registry] });
  }

  #histogram<Label extends string>(name: string, help: string, ...labelNames: Label[]): Histogram<Label> {
    const buckets = latencyBoundsMs;
    return new Histogram({ name: `hawser_gateway_${name}`, help, labelNames, buckets, registers: [this.registry] });
  }
}
