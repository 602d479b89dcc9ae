import { readFileSync, writeFileSync } from "node:fs";
import type { Benchmark } from "../result.ts";
import { atLeast } from "../result.ts";
import { Contender } from "./contender.ts";
import { curveSvg } from "./curve-svg.ts";
import { hawser, ws, wsJoined } from "./peers.ts";
import { oneChannel } from "./scene.ts";

/** Messages that are published together, so that they can go out in one write to each subscriber. */
const perWrite = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const warmUpMs = 300;
const rounds = 3;

const docs = new URL("../../../docs/concepts/", import.meta.url);
const page = new URL("delivery.md", docs);
const picture = new URL("delivery-curve.svg", docs);
const markers = { begin: "<!-- curve: made by `npm run bench -- curve` -->", end: "<!-- /curve -->" } as const;

/** Deliveries a second by messages in a write. */
export type Curve = Readonly<Record<string, number>>;

/**
 * Deliveries a second against messages per write: what a write costs, and what the messages in it cost beside that. Draws
 * the picture of `docs/concepts/delivery.md`, and writes the numbers below it.
 */
export const curve: Benchmark = async (seconds, log) => {
  const figures: Record<string, Curve> = {};
  for (const peer of [hawser, wsJoined, ws]) {
    const contender = await Contender.start(peer, oneChannel);
    try {
      figures[peer.name] = await measure(contender, (seconds * 1000) / perWrite.length / rounds);
    } finally {
      await contender.stop();
    }
    log(`${peer.name}: ${JSON.stringify(figures[peer.name])}`);
  }
  writeFileSync(picture, curveSvg(figures));
  const text = readFileSync(page, "utf8");
  const [begin, end] = [text.indexOf(markers.begin) + markers.begin.length, text.indexOf(markers.end)];
  if (end > begin) writeFileSync(page, `${text.slice(0, begin)}\n\n${markdown(figures)}\n${text.slice(end)}`);
  const own = figures[hawser.name]!;
  const ratios = Object.fromEntries([ws, wsJoined].map(({ name }) => [name, own["64"]! / figures[name]!["64"]!]));
  const aims = [
    atLeast("deliveries a second with 16 messages in a write over those with one", 8, own["16"]! / own["1"]!),
  ];
  return { bench: "curve", figures, ratios, aims };
};

/** The best of some rounds: what disturbs only takes away. */
async function measure(contender: Contender, durationMs: number): Promise<Curve> {
  const best: Record<string, number> = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const messages of perWrite) {
      const { deliveriesPerSecond } = await contender.measure({ kind: "window", messages }, warmUpMs, durationMs);
      best[messages] = Math.max(best[messages] ?? 0, deliveriesPerSecond);
    }
  }
  return best;
}

function markdown(figures: Readonly<Record<string, Curve>>): string {
  const names = Object.keys(figures);
  const rows = perWrite.map((messages) => {
    const cells = names.map((name) => Number(figures[name]![messages]!.toPrecision(3)).toLocaleString("en-US"));
    return `| ${[messages, ...cells].join(" | ")} |`;
  });
  const head = `| ${["messages published together", ...names].join(" | ")} |`;
  return [head, `| ${["---:", ...names.map(() => "---:")].join(" | ")} |`, ...rows, ""].join("\n");
}
