import { systemPorts } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { Metrics } from "../../src/observe/metrics.ts";
import { addProcessMetrics } from "../../src/observe/process-metrics.ts";

const sample = async (metrics: Metrics, name: string): Promise<number> => {
  const line = (await metrics.expose()).split("\n").find((candidate) => candidate.startsWith(`${name} `));
  if (line === undefined) throw new Error(`no sample ${name}`);
  return Number(line.slice(name.length + 1));
};

describe("metrics", () => {
  it("follow connections and sessions through their life", async () => {
    const metrics = new Metrics();
    metrics.connectionOpened();
    metrics.connectionOpened();
    metrics.connected();
    expect([await sample(metrics, "hawser_connections"), await sample(metrics, "hawser_sessions")]).toEqual([2, 1]);
    metrics.connectionClosed(4000, true);
    metrics.connectionClosed(1006, false);
    expect([await sample(metrics, "hawser_connections"), await sample(metrics, "hawser_sessions")]).toEqual([0, 0]);
    expect(await sample(metrics, "hawser_connections_opened_total")).toBe(2);
    expect(await sample(metrics, 'hawser_closes_total{code="4000"}')).toBe(1);
  });

  it("count what goes in and out", async () => {
    const metrics = new Metrics();
    metrics.received(3, 100);
    metrics.sent(50);
    metrics.delivered(7, true);
    metrics.delivered(1, false);
    metrics.published("accepted");
    metrics.appended(2, 3);
    metrics.catchUpRead(10);
    metrics.reset("trimmed");
    metrics.called("ok", 1);
    metrics.tails(4, 500);
    metrics.unconfirmed(70);
    metrics.presence(12, 3);
    metrics.subscribed();
    metrics.handshakeRefused("origin");
    metrics.handshakeEvicted();
    metrics.sharedOpened();
    metrics.sharedOpened();
    metrics.sharedClosed();
    expect(await sample(metrics, "hawser_shared_connections")).toBe(1);
    expect(await sample(metrics, "hawser_frames_in_total")).toBe(3);
    expect(await sample(metrics, "hawser_messages_in_total")).toBe(1);
    expect(await sample(metrics, "hawser_bytes_in_total")).toBe(100);
    expect(await sample(metrics, "hawser_bytes_out_total")).toBe(50);
    expect(await sample(metrics, "hawser_deliveries_total")).toBe(8);
    expect(await sample(metrics, 'hawser_batches_total{bytes="shared"}')).toBe(1);
    expect(await sample(metrics, 'hawser_publishes_total{outcome="accepted"}')).toBe(1);
    expect(await sample(metrics, "hawser_append_milliseconds_count")).toBe(1);
    expect(await sample(metrics, "hawser_catch_up_entries_total")).toBe(10);
    expect(await sample(metrics, 'hawser_resets_total{reason="trimmed"}')).toBe(1);
    expect(await sample(metrics, 'hawser_calls_total{outcome="ok"}')).toBe(1);
    expect(await sample(metrics, "hawser_channels")).toBe(4);
    expect(await sample(metrics, "hawser_tail_bytes")).toBe(500);
    expect(await sample(metrics, "hawser_unconfirmed_bytes")).toBe(70);
    expect(await sample(metrics, "hawser_presence_members")).toBe(12);
    expect(await sample(metrics, "hawser_presence_watches")).toBe(3);
    expect(await sample(metrics, "hawser_subscriptions")).toBe(1);
    expect(await sample(metrics, 'hawser_handshakes_refused_total{reason="origin"}')).toBe(1);
    expect(await sample(metrics, "hawser_handshakes_evicted_total")).toBe(1);
  });

  it("are shown in the text format of Prometheus", async () => {
    const metrics = new Metrics();
    metrics.called("ok", 3);
    expect(metrics.contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    const text = await metrics.expose();
    expect(text).toContain("# HELP hawser_sessions Connections with a session now.\n# TYPE hawser_sessions gauge\n");
    expect(text).toContain('\nhawser_call_milliseconds_bucket{le="2.5"} 0\n');
    expect(text).toContain('\nhawser_call_milliseconds_bucket{le="5"} 1\n');
    expect(text).toContain('\nhawser_publishes_total{outcome="duplicate"} 0\n');
    expect(text.endsWith("\n")).toBe(true);
  });

  it("of two servers in a process do not mix", async () => {
    const first = new Metrics();
    const second = new Metrics();
    first.connectionOpened();
    expect(await sample(second, "hawser_connections")).toBe(0);
  });

  it("tell of the process too", async () => {
    const metrics = new Metrics();
    const stop = addProcessMetrics(metrics.registry, systemPorts().clock);
    expect(await sample(metrics, "process_resident_memory_bytes")).toBeGreaterThan(1_000_000);
    expect(await sample(metrics, "nodejs_heap_used_bytes")).toBeGreaterThan(100_000);
    expect(await sample(metrics, "hawser_event_loop_lag_milliseconds")).toBeGreaterThanOrEqual(0);
    const first = await sample(metrics, "process_cpu_seconds_total");
    const second = await sample(metrics, "process_cpu_seconds_total");
    expect([first > 0, second >= first, second < 2 * first + 1]).toEqual([true, true, true]);
    stop();
  });
});
