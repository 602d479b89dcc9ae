import type { Client, ClientOptions } from "@hawser/client";
import { expect } from "vitest";
import { freePort, serve } from "../command/hawser-process.ts";
import type { Cleanup, HawserProcess } from "../command/hawser-process.ts";
import { connect } from "../support/clients.ts";

/** A `hawser serve --workers`, at an address that stays the same when it is started again. */
export class WorkerServer {
  readonly url: string;
  readonly workers: number;
  readonly #cleanup: Cleanup;
  readonly #folder: string;
  readonly #port: number;
  readonly #more: readonly string[];
  #process!: HawserProcess;

  private constructor(cleanup: Cleanup, port: number, workers: number, more: readonly string[]) {
    this.url = `ws://127.0.0.1:${port}/hawser`;
    this.workers = workers;
    this.#cleanup = cleanup;
    this.#folder = cleanup.folder();
    this.#port = port;
    this.#more = more;
  }

  static async start(cleanup: Cleanup, workers: number, ...more: readonly string[]): Promise<WorkerServer> {
    const server = new WorkerServer(cleanup, await freePort(), workers, more);
    await server.start();
    return server;
  }

  /** The primary. */
  get process(): HawserProcess {
    return this.#process;
  }

  get folder(): string {
    return this.#folder;
  }

  async start(): Promise<void> {
    const words = ["--port", String(this.#port), "--no-page", "--workers", String(this.workers), ...this.#more];
    const { server } = await serve(words, { folder: this.#folder });
    this.#process = this.#cleanup.process(server);
  }

  /** The processes of the workers that were started, by number; the last that was started of each. */
  get pids(): readonly number[] {
    const pids: number[] = [];
    const said = this.#process.errors.matchAll(/"worker":(\d+),"pid":(\d+),"msg":"a worker serves"/g);
    for (const [, worker, pid] of said) pids[Number(worker) - 1] = Number(pid);
    return pids;
  }

  client(name: string, more: Partial<ClientOptions> = {}): Client {
    const client = connect(this.url, name, more);
    this.#cleanup.add(() => client.close());
    return client;
  }

  async get(path: string): Promise<string> {
    return (await fetch(new URL(path, this.url.replace("ws:", "http:")))).text();
  }

  /** The values of a metric, by worker. */
  async metric(name: string): Promise<Readonly<Record<string, number>>> {
    const lines = (await this.get("/metrics")).matchAll(new RegExp(`^${name}{worker="(\\w+)"} (\\S+)$`, "gm"));
    return Object.fromEntries([...lines].map(([, worker = "", value]) => [worker, Number(value)]));
  }

  /** Sessions of all workers together; each must have some. */
  async sessionsOfAll(): Promise<number> {
    const counts = Object.values(await this.metric("hawser_sessions"));
    expect(counts).toHaveLength(this.workers);
    expect(Math.min(...counts)).toBeGreaterThan(0);
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Resolves when no process of the workers is left. */
  async ended(pids: readonly number[]): Promise<void> {
    await expect.poll(() => pids.filter(isAlive), { timeout: 20_000, interval: 20 }).toEqual([]);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
