import { PinnedProcess } from "../processes/pinned-process.ts";
import { atLeast } from "../result.ts";
import type { Aim, Benchmark } from "../result.ts";
import { ChromiumPage } from "./chromium.ts";
import type { MeasureCommand } from "./node.ts";
import type { Case } from "./scene.ts";

const core = 1;
/** The clients take turns, so that a disturbance of the machine does not hit one alone. */
const rounds = 9;
const warmUpMs = 200;

/** Socket.IO's server sends one event in a WebSocket message; Hawser's what there is to send, up to a block. */
const cases: Readonly<Record<string, Case>> = {
  "socket.io": { client: "socket.io", perMessage: 1 },
  "hawser event, 1 a batch": { client: "hawser event", perMessage: 1 },
  "hawser event, 10 a batch": { client: "hawser event", perMessage: 10 },
  "hawser for await, 1 a batch": { client: "hawser for await", perMessage: 1 },
  "hawser for await, 10 a batch": { client: "hawser for await", perMessage: 10 },
};

type Measure = (of: Case, durationMs: number) => Promise<number>;

/** What a message costs a client, from the WebSocket's event until the application has it. */
export const decode: Benchmark = async (seconds, log) => {
  const node = new PinnedProcess<MeasureCommand, number>("decode/node.js", core);
  let chromium: ChromiumPage | undefined;
  try {
    const inNode = await compare((of, durationMs) => node.ask({ of, durationMs }), seconds);
    log("node is measured");
    chromium = await ChromiumPage.open();
    if (chromium === undefined) log("there is no Chromium here: it is left out");
    const page = chromium;
    const inChromium =
      page === undefined ? undefined : await compare((of, durationMs) => page.measure(of, durationMs), seconds);
    const figures = Object.fromEntries(
      Object.keys(cases).map((name) => [
        name,
        { nodeMicroseconds: inNode[name]!, ...(inChromium && { chromiumMicroseconds: inChromium[name]! }) },
      ]),
    );
    const runtimes = { node: inNode, ...(inChromium && { chromium: inChromium }) };
    const ratios: Record<string, number> = {};
    const aims: Aim[] = [];
    for (const [runtime, measured] of Object.entries(runtimes)) {
      for (const name of Object.keys(cases).slice(1)) {
        const ratio = measured["socket.io"]! / measured[name]!;
        ratios[`socket.io, ${runtime}, ${name.slice("hawser ".length)}`] = ratio;
        aims.push(atLeast(`fewer microseconds a message than socket.io in ${runtime}: ${name}`, 2, ratio));
      }
    }
    return { bench: "decode", figures, ratios, aims };
  } finally {
    await Promise.all([node.stop(), chromium?.close()]);
  }
};

/** Each client's least: whatever disturbs a loop that waits for nothing makes it longer, and never shorter. */
async function compare(measure: Measure, seconds: number): Promise<Record<string, number>> {
  const measured: Record<string, number[]> = {};
  for (const of of Object.values(cases)) await measure(of, warmUpMs);
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, of] of Object.entries(cases)) {
      (measured[name] ??= []).push(await measure(of, (seconds * 1000) / rounds));
    }
  }
  return Object.fromEntries(Object.entries(measured).map(([name, all]) => [name, Math.min(...all)]));
}
