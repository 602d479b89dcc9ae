import { monitorEventLoopDelay } from "node:perf_hooks";
import { systemPorts } from "@hawser/protocol";
import type { Clock } from "@hawser/protocol";
import { Counter, Gauge, Registry } from "prom-client";

/** How often the delay of the event loop is measured. */
const resolutionMs = 20;

/** What a process tells of itself. */
export interface ProcessMetrics {
  /** In the Prometheus text format. */
  expose(): Promise<string>;
  /** Measures no more. */
  stop(): void;
}

/**
 * The metrics of a process beside those of its server, for one that has none: memory, processor time, and how late its
 * event loop runs.
 *
 * @param labels carried by all of them.
 */
export function processMetrics(labels: Readonly<Record<string, string>> = {}): ProcessMetrics {
  const registry = new Registry();
  registry.setDefaultLabels(labels);
  const stop = addProcessMetrics(registry, systemPorts().clock);
  return { expose: () => registry.metrics(), stop };
}

/**
 * Adds what the process as a whole tells of itself. `collectDefaultMetrics` of `prom-client` tells more, but measures
 * until the process ends; this stops with its server.
 *
 * @returns stops measuring.
 */
export function addProcessMetrics(registry: Registry, clock: Clock): () => void {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  // The histogram counts nanoseconds, and the pause between two measurements with them.
  const milliseconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - resolutionMs);
  const gauge = (name: string, help: string, read: () => number): Gauge =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge(
    "hawser_event_loop_lag_milliseconds",
    "How late the event loop ran since the last look, 99th percentile.",
    () => {
      const lagMs = milliseconds(delay.percentile(99));
      delay.reset();
      return lagMs;
    },
  );
  gauge("process_resident_memory_bytes", "Resident memory of the process.", () => process.memoryUsage.rss());
  gauge("nodejs_heap_used_bytes", "Bytes of the JavaScript heap in use.", () => process.memoryUsage().heapUsed);
  gauge("process_start_time_seconds", "When the process started, since 1970.", () =>
    Math.round(clock.now() / 1000 - process.uptime()),
  );
  void new Counter({
    name: "process_cpu_seconds_total",
    help: "Processor time of the process since its start.",
    registers: [registry],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  return () => delay.disable();
}
