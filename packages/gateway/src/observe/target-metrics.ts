import type { PoolFigures } from "../gateway-pools.ts";
import type { TargetFigures } from "../pool/target.ts";

interface TargetMetric {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  readonly value: (figures: TargetFigures) => number;
}

const metrics: readonly TargetMetric[] = [
  {
    name: "up",
    type: "gauge",
    help: "1: the target gets new sockets, else 0.",
    value: ({ state }) => (state === "up" ? 1 : 0),
  },
  { name: "open", type: "gauge", help: "Sockets to the target.", value: ({ open }) => open },
  {
    name: "connects_total",
    type: "counter",
    help: "Sockets to the target that were opened.",
    value: ({ connects }) => connects,
  },
  { name: "errors_total", type: "counter", help: "Times that it could not be reached.", value: ({ errors }) => errors },
  {
    name: "ejections_total",
    type: "counter",
    help: "Times that it was put out of service for it.",
    value: ({ ejections }) => ejections,
  },
  { name: "in_bytes_total", type: "counter", help: "Bytes that the target was sent.", value: ({ bytesIn }) => bytesIn },
  {
    name: "out_bytes_total",
    type: "counter",
    help: "Bytes that the target has sent.",
    value: ({ bytesOut }) => bytesOut,
  },
  {
    name: "connect_milliseconds",
    type: "gauge",
    help: "Time to connect, the newest counting most.",
    value: ({ latencyMs }) => latencyMs,
  },
];

/** What the targets count themselves, in the Prometheus text format: those that are gone are not shown any more. */
export function targetMetrics(pools: readonly PoolFigures[]): string {
  const lines = metrics.flatMap(({ name, type, help, value }) => [
    `# HELP hawser_gateway_target_${name} ${help}`,
    `# TYPE hawser_gateway_target_${name} ${type}`,
    ...pools.flatMap((pool) =>
      pool.kind === "websocket"
        ? pool.targets.map(
            (target) => `hawser_gateway_target_${name}{pool="${pool.name}",target="${target.name}"} ${value(target)}`,
          )
        : [],
    ),
  ]);
  const panics = [
    "# HELP hawser_gateway_pool_panics 1: so few targets answer their health checks that those are not believed.",
    "# TYPE hawser_gateway_pool_panics gauge",
    ...pools.flatMap((pool) =>
      pool.kind === "websocket" ? [`hawser_gateway_pool_panics{pool="${pool.name}"} ${pool.panics ? 1 : 0}`] : [],
    ),
  ];
  return `${[...lines, ...panics].join("\n")}\n`;
}
