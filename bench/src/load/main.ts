// The process that makes the load of one server: all subscribers and the publisher, told by its parent what to do.
import { performance } from "node:perf_hooks";
import type { LoadCommand, LoadReply, LoadStart, Measurement } from "../processes/messages.ts";
import { answer } from "../processes/child.ts";
import { DeliveryMeter } from "./delivery-meter.ts";
import type { Dial, Dialect, Publisher } from "./dialect.ts";
import { hawserDialect } from "./hawser-dialect.ts";
import { joinedDialect, plainDialect } from "./plain-dialect.ts";
import { RawConnection } from "./raw-connection.ts";
import { socketIoDialect } from "./socket-io-dialect.ts";

const dialects: Record<LoadStart["dialect"], (payloadBytes: number) => Dialect> = {
  hawser: hawserDialect,
  "socket.io": socketIoDialect,
  plain: plainDialect,
  joined: joinedDialect,
};

/** Subscribers that connect at the same time. */
const wave = 50;

class Load {
  readonly #meter: DeliveryMeter;
  readonly #publisher: Publisher;
  /** How many messages are in flight while it measures; 0: none is published. */
  #window = 0;

  private constructor(meter: DeliveryMeter, publisher: Publisher) {
    this.#meter = meter;
    this.#publisher = publisher;
  }

  static async start(command: LoadStart): Promise<Load> {
    const dialect = dialects[command.dialect](command.payloadBytes);
    const meter = new DeliveryMeter(command.subscribers, () => performance.now());
    let load: Load | undefined;
    const dial: Dial = (path, subprotocol, onData) =>
      new RawConnection({
        port: command.port,
        path,
        subprotocol,
        onData: (bytes, start, end) => {
          onData(bytes, start, end);
          load?.refill();
        },
        onFailure: (error) => {
          throw error;
        },
      });
    for (let first = 0; first < command.subscribers; first += wave) {
      const count = Math.min(wave, command.subscribers - first);
      await Promise.all(Array.from({ length: count }, (_, index) => dialect.subscribe(dial, first + index, meter)));
    }
    load = new Load(meter, await dialect.publisher(dial));
    return load;
  }

  /** Publishes until `window` messages are in flight. A message leaves the window when its last subscriber has it. */
  refill(): void {
    const free = this.#window - this.#meter.inFlight;
    if (free <= 0) return;
    const numbers: number[] = [];
    while (numbers.length < free) numbers.push(this.#meter.publish());
    this.#publisher.publish(numbers);
  }

  async measure(window: number, warmUpMs: number, durationMs: number): Promise<Measurement> {
    this.#window = window;
    this.refill();
    await elapsed(warmUpMs);
    this.#meter.restart();
    const cpu = process.cpuUsage();
    const started = performance.now();
    await elapsed(durationMs);
    const seconds = (performance.now() - started) / 1000;
    const used = process.cpuUsage(cpu);
    this.#window = 0;
    const { deliveries, latencies } = this.#meter;
    const measurement = {
      deliveriesPerSecond: deliveries / seconds,
      p50Ms: latencies.percentile(0.5),
      p99Ms: latencies.percentile(0.99),
      loadCpu: (used.user + used.system) / 1e6 / seconds,
    };
    while (this.#meter.inFlight > 0) await elapsed(5);
    return measurement;
  }
}

let load: Load | undefined;

answer<LoadCommand, LoadReply>(async (command) => {
  if (command.type === "start") {
    load = await Load.start(command);
    return { type: "started" };
  }
  if (load === undefined) throw new Error("not started");
  return { type: "measured", measurement: await load.measure(command.window, command.warmUpMs, command.durationMs) };
});

function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
