// The process that publishes to one server, told by its parent what to do.
import { performance } from "node:perf_hooks";
import { LatencyHistogram } from "../load/latency-histogram.ts";
import { RawConnection } from "../load/raw-connection.ts";
import { answer } from "../processes/child.ts";
import type { Dial, PublishingClient } from "./dialect.ts";
import { connectHawser } from "./hawser-client.ts";
import type { PublishersCommand, PublishersMeasurement, PublishersReply, PublishersStart } from "./messages.ts";
import { connectSocketIo } from "./socket-io-client.ts";

const dialects = { hawser: connectHawser, "socket.io": connectSocketIo } as const;

/** One client with its publishes in flight. */
interface Publisher {
  readonly client: PublishingClient;
  /** When each publish was written, by its number. */
  readonly sentAt: Float64Array;
  sent: number;
  acknowledged: number;
}

class Publishers {
  readonly #inFlight: number;
  readonly #publishers: Publisher[] = [];
  readonly #latencies = new LatencyHistogram();
  #running = false;

  private constructor(inFlight: number) {
    this.#inFlight = inFlight;
  }

  static async start({ dialect, port, clients, inFlight, payloadBytes }: PublishersStart): Promise<Publishers> {
    const publishers = new Publishers(inFlight);
    const payload = Buffer.alloc(payloadBytes, "x");
    for (let index = 0; index < clients; index += 1) {
      let publisher: Publisher | undefined;
      const dial: Dial = (path, subprotocol, onData) =>
        new RawConnection({
          port,
          path,
          subprotocol,
          onData,
          twins: undefined,
          onRead: () => {
            if (publisher !== undefined) publishers.#refill(publisher);
          },
          onFailure: (error) => {
            throw error;
          },
        });
      const client = await dialects[dialect](dial, index, payload, (number) =>
        publishers.#onAcknowledged(publisher!, number),
      );
      publisher = { client, sentAt: new Float64Array(inFlight), sent: 0, acknowledged: 0 };
      publishers.#publishers.push(publisher);
    }
    return publishers;
  }

  async measure(warmUpMs: number, durationMs: number): Promise<PublishersMeasurement> {
    this.#running = true;
    for (const publisher of this.#publishers) this.#refill(publisher);
    await elapsed(warmUpMs);
    this.#latencies.clear();
    const cpu = process.cpuUsage();
    const started = performance.now();
    await elapsed(durationMs);
    const seconds = (performance.now() - started) / 1000;
    const used = process.cpuUsage(cpu);
    const measurement = {
      acknowledgedPerSecond: this.#latencies.count / seconds,
      p50Ms: this.#latencies.percentile(0.5),
      p99Ms: this.#latencies.percentile(0.99),
      loadCpu: (used.user + used.system) / 1e6 / seconds,
    };
    this.#running = false;
    while (this.#publishers.some(({ sent, acknowledged }) => sent > acknowledged)) await elapsed(5);
    return measurement;
  }

  #onAcknowledged(publisher: Publisher, number: number): void {
    if (number > publisher.sent) throw new Error(`publish ${number} is acknowledged, which was not sent`);
    const now = performance.now();
    while (publisher.acknowledged < number) {
      publisher.acknowledged += 1;
      this.#latencies.record(now - publisher.sentAt[publisher.acknowledged % this.#inFlight]!);
    }
  }

  #refill(publisher: Publisher): void {
    const count = this.#inFlight - (publisher.sent - publisher.acknowledged);
    if (!this.#running || count === 0) return;
    const now = performance.now();
    for (let left = count; left > 0; left -= 1) {
      publisher.sent += 1;
      publisher.sentAt[publisher.sent % this.#inFlight] = now;
    }
    publisher.client.publish(count);
  }
}

let publishers: Publishers | undefined;

answer<PublishersCommand, PublishersReply>(async (command) => {
  if (command.type === "start") {
    publishers = await Publishers.start(command);
    return { type: "started" };
  }
  if (publishers === undefined) throw new Error("not started");
  return { type: "measured", measurement: await publishers.measure(command.warmUpMs, command.durationMs) };
});

function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
