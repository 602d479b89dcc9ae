import type { PoolFigures } from "../gateway-pools.ts";
import { durationBoundsMs } from "../pool/durations.ts";
import type { DurationFigures } from "../pool/durations.ts";
import type { TargetFigures } from "../pool/target.ts";

interface Sample {
  /** Behind the metric's name: `_bucket`, `_sum`, `_count` of a histogram. */
  readonly suffix?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

interface TargetMetric {
  readonly name: string;
  readonly type: "gauge" | "counter" | "histogram";
  readonly help: string;
  readonly samples: (figures: TargetFigures) => readonly Sample[];
}

const metrics: readonly TargetMetric[] = [
  gauge("up", "1: the target gets new sockets, else 0.", ({ state }) => (state === "up" ? 1 : 0)),
  gauge("open", "Sockets to the target.", ({ open }) => open),
  counter("connects_total", "Sockets to the target that were opened.", ({ connects }) => connects),
  {
    name: "errors_total",
    type: "counter",
    help: "Times that the target could not be reached, by why: an error's code, timeout, or an HTTP status.",
    samples: ({ failures }) => Object.entries(failures).map(([kind, value]) => ({ labels: { kind }, value })),
  },
  counter("lost_total", "Sockets that the target has ended without a close frame.", ({ lost }) => lost),
  counter("ejections_total", "Times that it was put out of service for errors.", ({ ejections }) => ejections),
  counter("in_bytes_total", "Bytes that the target was sent.", ({ bytesIn }) => bytesIn),
  counter("out_bytes_total", "Bytes that the target has sent.", ({ bytesOut }) => bytesOut),
  counter("in_messages_total", "Messages that the target was sent.", ({ messagesIn }) => messagesIn),
  counter("out_messages_total", "Messages that the target has sent.", ({ messagesOut }) => messagesOut),
  gauge("latency_milliseconds", "Time to open a socket, peaks counting most.", ({ latencyMs }) => latencyMs),
  histogram("connect", "Time until a connection stands, with TLS.", ({ durations }) => durations.connect),
  histogram("handshake", "Time from a connection to the handshake's end.", ({ durations }) => durations.handshake),
  histogram(
    "first_message",
    "Time from the handshake's end to the target's first message.",
    ({ durations }) => durations.firstMessage,
  ),
];

/** What the targets count themselves, in the Prometheus text format: those that are gone are not shown any more. */
export function targetMetrics(pools: readonly PoolFigures[]): string {
  const known = pools.flatMap((pool) => (pool.kind === "websocket" ? [pool] : []));
  const lines = metrics.flatMap(({ name, type, help, samples }) => [
    ...head(`target_${name}`, type, help),
    ...known.flatMap((pool) =>
      pool.targets.flatMap((target) =>
        samples(target).map((sample) => {
          const labels = { pool: pool.name, target: target.name, ...sample.labels };
          return line(`target_${name}${sample.suffix ?? ""}`, labels, sample.value);
        }),
      ),
    ),
  ]);
  const panics = [
    ...head("pool_panics", "gauge", "1: so few targets answer their health checks that those are not believed."),
    ...known.map(({ name, panics: value }) => line("pool_panics", { pool: name }, value ? 1 : 0)),
  ];
  return `${[...lines, ...panics].join("\n")}\n`;
}

type Value = (figures: TargetFigures) => number;

function gauge(name: string, help: string, value: Value): TargetMetric {
  return { name, type: "gauge", help, samples: (figures) => [{ value: value(figures) }] };
}

function counter(name: string, help: string, value: Value): TargetMetric {
  return { name, type: "counter", help, samples: (figures) => [{ value: value(figures) }] };
}

/** One that has measured nothing is not shown: a pool may have a thousand targets. */
function histogram(what: string, help: string, of: (figures: TargetFigures) => DurationFigures): TargetMetric {
  return {
    name: `${what}_milliseconds`,
    type: "histogram",
    help,
    samples: (figures) => {
      const { count, sumMs, atMost } = of(figures);
      if (count === 0) return [];
      const bucket = (le: string, value: number): Sample => ({ suffix: "_bucket", labels: { le }, value });
      return [
        ...durationBoundsMs.map((bound, index) => bucket(String(bound), atMost[index] ?? 0)),
        bucket("+Inf", count),
        { suffix: "_sum", value: sumMs },
        { suffix: "_count", value: count },
      ];
    },
  };
}

function head(name: string, type: TargetMetric["type"], help: string): readonly string[] {
  return [`# HELP hawser_gateway_${name} ${help}`, `# TYPE hawser_gateway_${name} ${type}`];
}

function line(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const shown = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `hawser_gateway_${name}{${shown.join(",")}} ${value}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
