import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { memoryLog } from "@hawser/log";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import type { HawserServer } from "@hawser/server";
import { contract } from "./order.ts";

const orderCount = 400;
const kills = 6;
const workerFile = fileURLToPath(new URL("worker.js", import.meta.url));

/** Puts orders into a channel, kills the worker with -9 again and again, and compares its invoices with the orders. */
export async function run(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "hawser-worker-"));
  const server = createServer({
    port: 0,
    host: "127.0.0.1",
    log: memoryLog(),
    logger: silentLogger,
    authenticate: anonymous(),
    contract,
  });
  await server.listen();
  try {
    const cents = await fill(server);
    console.log(`${orderCount} orders are in the channel.`);
    for (let start = 1; start <= kills; start += 1) await killedRun(start, server.url, folder);
    await lastRun(kills + 1, server.url, folder);
    await compare(folder, cents);
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function fill(server: HawserServer<typeof contract>): Promise<readonly number[]> {
  const cents = Array.from({ length: orderCount }, () => 100 + Math.floor(Math.random() * 100_000));
  for (const [index, amount] of cents.entries()) await server.publish("orders", { order: index + 1, cents: amount });
  return cents;
}

/** Starts the worker, and kills it without warning somewhere in its work. */
async function killedRun(start: number, url: string, folder: string): Promise<void> {
  const invoices = 20 + Math.floor(Math.random() * 25);
  const worker = new WorkerProcess(url, folder);
  const written = await worker.writes(invoices);
  await worker.end("SIGKILL");
  console.log(`start ${start}: ${worker.beginning}, killed with -9 after invoice ${written}`);
}

/** Lets the worker come to the end, and stops it in good order. */
async function lastRun(start: number, url: string, folder: string): Promise<void> {
  const worker = new WorkerProcess(url, folder);
  await worker.writes(Number.POSITIVE_INFINITY);
  await worker.end("SIGTERM");
  console.log(`start ${start}: ${worker.beginning}, all orders done`);
}

async function compare(folder: string, cents: readonly number[]): Promise<void> {
  const text = await readFile(join(folder, "invoices.jsonl"), "utf8");
  const invoices = text.trimEnd().split("\n");
  const expected = cents.map((amount, index) =>
    JSON.stringify({ invoice: index + 1, order: index + 1, cents: amount }),
  );
  const whole = invoices.join("\n") === expected.join("\n");
  console.log(
    `${orderCount} orders, ${invoices.length} invoices, ${kills} kills: ` +
      (whole ? "each order once, in order." : "NOT EACH ORDER ONCE AND IN ORDER."),
  );
  if (!whole) process.exitCode = 1;
}

/** One run of the worker in a process of its own. */
class WorkerProcess {
  /** Where it began, as it said. */
  beginning = "";
  readonly #process;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;

  constructor(url: string, folder: string) {
    this.#process = spawn(process.execPath, [workerFile, url, folder], { stdio: ["ignore", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
    this.#ended = new Promise((resolve) => this.#process.once("exit", resolve));
  }

  /** Resolves with the last invoice's number when so many were written in this run, or when the last order is done. */
  async writes(count: number): Promise<number> {
    let last = 0;
    for (let written = 0; written < count && last < orderCount;) {
      const { value, done } = await this.#lines.next();
      if (done === true) throw new Error("the worker ended by itself");
      const [word, first, second] = value.split(" ");
      if (word === "invoices") {
        last = Number(first);
        written += 1;
      } else {
        last = Number(first);
        const cut = Number(second) > 0 ? `, cut ${second} bytes behind it` : "";
        this.beginning = last === 0 ? `began at the first order${cut}` : `went on behind invoice ${first}${cut}`;
      }
    }
    return last;
  }

  /** Ends the process, and resolves when it has ended. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    this.#process.kill(signal);
    await this.#ended;
  }
}
