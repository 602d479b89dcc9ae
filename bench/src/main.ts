// npm run bench -- NAME [--seconds S] [--json FILE]
import { writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { bundle } from "./bundle/bundle.ts";
import { failover } from "./failover/failover.ts";
import { catchup } from "./catchup/catchup.ts";
import { decode } from "./decode/decode.ts";
import { channels } from "./fanout/channels.ts";
import { deflate } from "./fanout/deflate.ts";
import { curve } from "./fanout/curve.ts";
import { fanout, fanout1 } from "./fanout/fanout.ts";
import { cpu, latency } from "./fanout/steady.ts";
import { ingest } from "./ingest/ingest.ts";
import { lanes } from "./lanes/lanes.ts";
import { logs } from "./logs/logs.ts";
import { memory } from "./memory/memory.ts";
import { million } from "./million/million.ts";
import { canPin } from "./processes/pinned-process.ts";
import { proxy } from "./proxy/proxy.ts";
import { stalled } from "./stalled/stalled.ts";
import { jsonLine, table } from "./report.ts";
import type { Benchmark } from "./result.ts";
import { rolling } from "./rolling/rolling.ts";
import { storm } from "./storm/storm.ts";

/** Each with how many seconds it measures when nothing is said. */
const benchmarks: Readonly<Record<string, { readonly run: Benchmark; readonly seconds: number }>> = {
  bundle: { run: bundle, seconds: 1 },
  catchup: { run: catchup, seconds: 9 },
  channels: { run: channels, seconds: 9 },
  cpu: { run: cpu, seconds: 9 },
  curve: { run: curve, seconds: 9 },
  decode: { run: decode, seconds: 2 },
  deflate: { run: deflate, seconds: 9 },
  failover: { run: failover, seconds: 60 },
  fanout: { run: fanout, seconds: 9 },
  fanout1: { run: fanout1, seconds: 9 },
  latency: { run: latency, seconds: 9 },
  ingest: { run: ingest, seconds: 9 },
  lanes: { run: lanes, seconds: 20 },
  logs: { run: logs, seconds: 6 },
  memory: { run: memory, seconds: 3 },
  million: { run: million, seconds: 1 },
  proxy: { run: proxy, seconds: 15 },
  stalled: { run: stalled, seconds: 9 },
  rolling: { run: rolling, seconds: 9 },
  storm: { run: storm, seconds: 3 },
};
const usage = `npm run bench -- NAME [--seconds S] [--json FILE]
  NAME       ${Object.keys(benchmarks).join(", ")}
  --seconds  how long each contender is measured (default 9; decode: 2, failover: 60, lanes: 20, logs: 6, memory and storm: 3)
  --json     also write the result there`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: "string" }, json: { type: "string" } },
});
const name = positionals[0] ?? "";
const benchmark = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined;
const seconds = Number(values.seconds ?? benchmark?.seconds);

if (benchmark === undefined || positionals.length !== 1 || !(seconds > 0)) {
  console.error(usage);
  process.exitCode = 2;
} else {
  if (!canPin) console.log("Server and load share the cores: no taskset, or one core. Figures are worth less.");
  const [busy = 0] = loadavg();
  if (busy > availableParallelism() / 2)
    console.log(`The machine is busy (load ${busy.toFixed(1)}): figures are worth less.`);
  const result = await benchmark.run(seconds, (line) => console.log(line));
  console.log(`\n${table(result)}\n`);
  for (const [peer, ratio] of Object.entries(result.ratios)) console.log(`hawser is ${ratio.toFixed(2)} x ${peer}`);
  for (const { name: aim, aim: wanted, value, met } of result.aims) {
    console.log(`${met ? "met    " : "NOT met"} ${aim}: ${value} (aim ${wanted})`);
  }
  const line = jsonLine(result);
  if (values.json !== undefined) writeFileSync(values.json, `${line}\n`);
  console.log(line);
}
