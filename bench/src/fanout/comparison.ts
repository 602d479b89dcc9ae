import type { Pace } from "../processes/messages.ts";
import { Contender } from "./contender.ts";
import type { Figures } from "./contender.ts";
import { hawser } from "./peers.ts";
import type { Peer } from "./peers.ts";
import type { Scene } from "./scene.ts";

const warmUpMs = 500;

/** Odd, for a median. The contenders take turns, so that a disturbance of the machine does not hit one alone. */
const rounds = 3;

export interface Comparison {
  readonly scene: Scene;
  /** Which Hawser. Default that of most benchmarks. */
  readonly own?: Peer;
  /** Hawser is always the first. */
  readonly peers: readonly Peer[];
  /** How long each contender is measured in all. */
  readonly seconds: number;
  readonly log: (line: string) => void;
  /** How each is loaded, found out when all have been started, one after the other. */
  readonly choosePace: (contender: Contender) => Promise<Pace>;
}

/** Measures Hawser and its peers in turns: by name, each figure's median. */
export async function compare(comparison: Comparison): Promise<Record<string, Figures>> {
  const { own = hawser, peers, scene, seconds, log, choosePace } = comparison;
  const contenders: Contender[] = [];
  const paces = new Map<Contender, Pace>();
  const measured = new Map<Contender, Figures[]>();
  try {
    for (const peer of [own, ...peers]) contenders.push(await Contender.start(peer, scene));
    for (const contender of contenders) {
      const pace = await choosePace(contender);
      paces.set(contender, pace);
      measured.set(contender, []);
      log(`${contender.peer.name}: ${described(pace)}`);
    }
    for (let round = 1; round <= rounds; round += 1) {
      for (const contender of contenders) {
        const figures = await contender.measure(paces.get(contender)!, warmUpMs, (seconds * 1000) / rounds);
        measured.get(contender)!.push(figures);
        log(`round ${round}, ${contender.peer.name}: ${Math.round(figures.deliveriesPerSecond)} deliveries a second`);
      }
    }
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
  return Object.fromEntries([...measured].map(([contender, all]) => [contender.peer.name, medianOf(all)]));
}

/** Hawser's `figure` by that of each peer. */
export function ratiosOf(figures: Readonly<Record<string, Figures>>, figure: keyof Figures): Record<string, number> {
  const own = figures[hawser.name]![figure];
  const peers = Object.entries(figures).filter(([name]) => name !== hawser.name);
  return Object.fromEntries(peers.map(([name, theirs]) => [name, own / theirs[figure]]));
}

function described(pace: Pace): string {
  if (pace.kind === "rate") return `${pace.messagesPerSecond.toFixed(1)} messages a second`;
  return `${pace.messages} messages in flight`;
}

/** Each figure's median by itself. */
function medianOf(all: readonly Figures[]): Figures {
  const median = (key: keyof Figures): number => all.map((one) => one[key]).sort((a, b) => a - b)[all.length >> 1]!;
  return {
    deliveriesPerSecond: median("deliveriesPerSecond"),
    bytesPerDelivery: median("bytesPerDelivery"),
    p50Ms: median("p50Ms"),
    p99Ms: median("p99Ms"),
    window: median("window"),
    serverCpu: median("serverCpu"),
    serverCpuPerDelivery: median("serverCpuPerDelivery"),
    loadCpu: median("loadCpu"),
    serverResidentMiB: median("serverResidentMiB"),
  };
}
