import type { Aim, Benchmark } from "../result.ts";
import { atLeast, atMost } from "../result.ts";
import { Contender } from "./contender.ts";
import type { Figures } from "./contender.ts";
import { hawser, peers } from "./peers.ts";
import { bestWindow } from "./window-search.ts";

const subscribers = 1000;
const payloadBytes = 100;
const p99LimitMs = 50;
const warmUpMs = 500;

/** Odd, for a median. The contenders take turns, so that a disturbance of the machine does not hit one alone. */
const rounds = 3;

/** One publisher, 1,000 subscribers, 100 bytes, as many deliveries a second as a p99 of 50 ms allows. */
export const fanout: Benchmark = async (seconds, log) => {
  const figures = await compare(seconds, log, (contender) => bestWindow(contender, p99LimitMs));
  const ratios = ratiosOf(figures);
  const aims: Aim[] = [
    atLeast("deliveries a second over socket.io", 20, ratios["socket.io"]!),
    atLeast("deliveries a second over a ws loop", 15, ratios["ws"]!),
    atLeast("deliveries a second over a ws loop that joins the messages of a turn", 2, ratios["ws-joined"]!),
    atMost("p99 of delivery, ms", p99LimitMs, figures["hawser"]!.p99Ms),
  ];
  return { bench: "fanout", figures, ratios, aims };
};

/** The same with one message at a time: the next is published when all have the one before. Nothing can be amortised. */
export const fanout1: Benchmark = async (seconds, log) => {
  const figures = await compare(seconds, log, async () => 1);
  const ratios = ratiosOf(figures);
  const aims: Aim[] = [
    atLeast("deliveries a second over socket.io", 1.5, ratios["socket.io"]!),
    atLeast("deliveries a second over the fastest peer", 1, Math.min(...Object.values(ratios))),
  ];
  return { bench: "fanout1", figures, ratios, aims };
};

async function compare(
  seconds: number,
  log: (line: string) => void,
  chooseWindow: (contender: Contender) => Promise<number>,
): Promise<Record<string, Figures>> {
  const contenders: Contender[] = [];
  const windows = new Map<Contender, number>();
  const measured = new Map<Contender, Figures[]>();
  try {
    for (const peer of [hawser, ...peers]) {
      const contender = await Contender.start(peer, subscribers, payloadBytes);
      contenders.push(contender);
      windows.set(contender, await chooseWindow(contender));
      measured.set(contender, []);
      log(`${peer.name}: ${windows.get(contender)} messages in flight`);
    }
    for (let round = 1; round <= rounds; round += 1) {
      for (const contender of contenders) {
        const figures = await contender.measure(windows.get(contender)!, warmUpMs, (seconds * 1000) / rounds);
        measured.get(contender)!.push(figures);
        log(`round ${round}, ${contender.peer.name}: ${Math.round(figures.deliveriesPerSecond)} deliveries a second`);
      }
    }
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
  return Object.fromEntries([...measured].map(([contender, all]) => [contender.peer.name, medianOf(all)]));
}

/** Each figure's median by itself. */
function medianOf(all: readonly Figures[]): Figures {
  const median = (key: keyof Figures): number => all.map((one) => one[key]).sort((a, b) => a - b)[all.length >> 1]!;
  return {
    deliveriesPerSecond: median("deliveriesPerSecond"),
    p50Ms: median("p50Ms"),
    p99Ms: median("p99Ms"),
    window: median("window"),
    serverCpu: median("serverCpu"),
    loadCpu: median("loadCpu"),
    serverResidentMiB: median("serverResidentMiB"),
  };
}

function ratiosOf(figures: Readonly<Record<string, Figures>>): Record<string, number> {
  const own = figures["hawser"]!.deliveriesPerSecond;
  return Object.fromEntries(peers.map(({ name }) => [name, own / figures[name]!.deliveriesPerSecond]));
}
