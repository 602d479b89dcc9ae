// How fast the embedded log takes appends: `node packages/log-lmdb/bench/commits.mjs [FOLDER]`, after `npm run build`.
// The folder should lie on the disk that is meant; default: the system's folder for temporary files.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemPorts } from "@hawser/protocol";
import { lmdbLog } from "@hawser/log-lmdb";

const ports = systemPorts();
const folder = await mkdtemp(join(process.argv[2] ?? tmpdir(), "hawser-bench-"));
const data = new Uint8Array(100).fill(0x61);

const log = lmdbLog({ path: folder });
const policy = { retainCount: 100_000, retainBytes: 1e12, retainAgeMs: 1e12, deduplicateMs: 1e12 };
await log.open({ ...ports, policyOf: (channel) => ({ ...policy, durability: channel.split(".")[0] }) });

for (const durability of ["commit", "flush"]) {
  for (const producers of [false, true]) {
    for (const atOnce of [1, 10, 100, 1_000]) await measure(durability, producers, atOnce);
  }
}
await measureReads();
await log.close();
await rm(folder, { recursive: true });

/** `atOnce` publishers, each of which waits for its acknowledgement before it appends again. */
async function measure(durability, producers, atOnce) {
  const until = performance.now() + 2_000;
  const latencies = [];
  const started = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async (_, index) => {
      const channel = `${durability}.${index % 20}`;
      const producer = producers ? `${ports.random.number()}` : "";
      for (let sequence = 1; performance.now() < until; sequence += 1) {
        const at = performance.now();
        const numbers = producers ? { sequence, previous: sequence - 1 } : { sequence: 0, previous: 0 };
        const [outcome] = await log.append([
          { channel, producer, ...numbers, payload: { kind: "bytes", data }, key: "", publisher: "" },
        ]);
        if (outcome.kind !== "accepted") throw new Error(`${outcome.kind} ${outcome.message ?? ""}`);
        latencies.push(performance.now() - at);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1_000;
  latencies.sort((a, b) => a - b);
  const percentile = (share) => latencies[Math.floor(latencies.length * share)].toFixed(2).padStart(7);
  console.log(
    `${durability.padEnd(6)} ${producers ? "numbered" : "plain   "} ${String(atOnce).padStart(5)} at once ` +
      `${String(Math.round(latencies.length / seconds)).padStart(7)} appends/s   p50 ${percentile(0.5)} ms   p99 ${percentile(0.99)} ms`,
  );
}

async function measureReads() {
  const { floor, end } = await log.head("commit.0");
  const started = performance.now();
  let entries = 0;
  for (let after = floor; after < end;) {
    const page = await log.read("commit.0", after, { maxCount: 1_000, maxBytes: 1_000_000 });
    entries += page.entries.length;
    after = page.interval.to;
  }
  console.log(`reading, pages of 1,000: ${Math.round(entries / ((performance.now() - started) / 1_000))} entries/s`);
}
