import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "@hawser/protocol";
import type { Registry } from "./instruments.ts";

/** How often the delay of the event loop is measured. */
const resolutionMs = 20;

/**
 * Adds what the process as a whole tells of itself.
 *
 * @returns stops measuring.
 */
export function addProcessMetrics(registry: Registry, clock: Clock): () => void {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  // The histogram counts nanoseconds, and the pause between two measurements with them.
  const milliseconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - resolutionMs);
  registry.gauge(
    "hawser_event_loop_lag_milliseconds",
    "How late the event loop ran since the last look, 99th percentile.",
    () => {
      const lagMs = milliseconds(delay.percentile(99));
      delay.reset();
      return lagMs;
    },
  );
  registry.gauge("process_resident_memory_bytes", "Resident memory of the process.", () => process.memoryUsage.rss());
  registry.gauge(
    "nodejs_heap_used_bytes",
    "Bytes of the JavaScript heap in use.",
    () => process.memoryUsage().heapUsed,
  );
  registry.counter("process_cpu_seconds_total", "Processor time of the process since its start.", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  registry.gauge("process_start_time_seconds", "When the process started, since 1970.", () =>
    Math.round(clock.now() / 1000 - process.uptime()),
  );
  return () => delay.disable();
}
