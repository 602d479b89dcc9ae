import { atMost } from "../result.ts";
import type { Benchmark } from "../result.ts";
import { measure } from "./held-connections.ts";
import type { Holder, PerConnection } from "./held-connections.ts";

const connections = 10_000;
/** Odd, for a median. */
const rounds = 3;

const hawser: Holder = { name: "hawser", server: "memory/hawser-server.js", speech: "hawser" };
const peers: readonly Holder[] = [
  { name: "ws", server: "memory/ws-server.js", speech: "plain" },
  { name: "socket.io", server: "memory/socket-io-server.js", speech: "socket.io" },
];

/** What an idle connection with one subscription costs the server's process. `seconds`: how long it was idle. */
export const memory: Benchmark = async (seconds, log) => {
  const measured = new Map<Holder, PerConnection[]>([hawser, ...peers].map((holder) => [holder, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const [holder, all] of measured) {
      const each = await measure(holder, connections, seconds * 1000);
      all.push(each);
      log(`round ${round}, ${holder.name}: ${each.residentKiB.toFixed(1)} KiB a connection`);
    }
  }
  const figures = Object.fromEntries([...measured].map(([{ name }, all]) => [name, medianOf(all)]));
  const own = figures["hawser"]!.residentKiB;
  const ratios = Object.fromEntries(peers.map(({ name }) => [name, own / figures[name]!.residentKiB]));
  const aims = [
    atMost("resident memory of a connection over bare ws", 1.5, ratios["ws"]!),
    atMost("resident memory of a connection over socket.io with one room", 0.5, ratios["socket.io"]!),
  ];
  return { bench: "memory", figures, ratios, aims };
};

/** Each figure's median by itself. */
function medianOf(all: readonly PerConnection[]): PerConnection {
  const median = (key: keyof PerConnection): number =>
    all.map((one) => one[key]).sort((a, b) => a - b)[all.length >> 1]!;
  return { residentKiB: median("residentKiB"), heapKiB: median("heapKiB"), externalKiB: median("externalKiB") };
}
