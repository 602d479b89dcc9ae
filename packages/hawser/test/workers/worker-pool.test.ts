import { silentLogger } from "@hawser/server";
import type { DrainOptions, DrainProgress } from "@hawser/server";
import { expect, it } from "vitest";
import { SimulatedPorts } from "../../../server/test/support/simulated-ports.ts";
import { Conversation } from "../../src/workers/conversation.ts";
import type { PrimarySide, WorkerPlan, WorkerSide } from "../../src/workers/worker-contract.ts";
import { WorkerPool } from "../../src/workers/worker-pool.ts";
import type { WorkerProcess } from "../../src/workers/worker-pool.ts";

/** A worker without a process. */
class FakeWorker implements WorkerProcess {
  readonly pid = 1;
  plan: WorkerPlan | undefined;
  drain: DrainOptions | undefined;
  killed = false;
  released = false;
  readonly progress: DrainProgress = { total: 2, told: 2, moved: 1, closed: 0, remaining: 1, done: false };
  readonly #ends: ((how: string) => void)[] = [];
  readonly #toPrimary: ((message: unknown) => void)[] = [];
  readonly #toWorker: ((message: unknown) => void)[] = [];
  #over = false;

  constructor(behaviour: { readonly start?: () => Promise<never>; readonly close?: () => Promise<null> } = {}) {
    const conversation = new Conversation<WorkerSide, PrimarySide>(
      {
        send: (message) => queueMicrotask(() => this.#toPrimary.forEach((listener) => listener(message))),
        onMessage: (listener) => void this.#toWorker.push(listener),
      },
      {
        start: async (plan) => {
          this.plan = plan;
          await behaviour.start?.();
          return { url: `ws://here/${plan.number}`, tcpUrl: null };
        },
        metrics: async () => `m ${this.plan?.number}`,
        connections: () => 3,
        draining: () => (this.drain === undefined ? null : this.progress),
        drain: (options) => {
          this.drain = options;
          return null;
        },
        drained: async () => null,
        close: behaviour.close ?? (async () => null),
      },
    );
    void conversation.ask("here", null).catch(() => {});
  }

  send(message: object): void {
    if (!this.#over) queueMicrotask(() => this.#toWorker.forEach((listener) => listener(message)));
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#toPrimary.push(listener);
  }

  onEnd(listener: (how: string) => void): void {
    this.#ends.push(listener);
  }

  release(): void {
    this.released = true;
    this.end("exit code 0");
  }

  kill(): void {
    this.killed = true;
    this.end("SIGKILL");
  }

  end(how: string): void {
    if (this.#over) return;
    this.#over = true;
    for (const tell of this.#ends) tell(how);
  }
}

function world(count: number, next: () => FakeWorker = () => new FakeWorker()) {
  const ports = new SimulatedPorts();
  const workers: FakeWorker[] = [];
  const givenUp: Error[] = [];
  const nothing = { metrics: async () => "", draining: async () => null, drain: async () => null };
  const pool = new WorkerPool({
    clock: ports,
    timers: ports,
    count,
    fork: () => {
      const worker = next();
      workers.push(worker);
      return worker;
    },
    planOf: (number) => ({ name: `node-${number}` }) as Omit<WorkerPlan, "drain" | "number">,
    answers: nothing,
    logger: silentLogger,
    onGivenUp: (error) => givenUp.push(error),
  });
  return { ports, workers, givenUp, pool };
}

it("starts all, each with its number, and says where the first serves", async () => {
  const { pool, workers } = world(3);
  expect(await pool.start()).toEqual({ url: "ws://here/1", tcpUrl: null });
  expect(workers.map(({ plan }) => [plan?.number, plan?.name, plan?.drain])).toEqual([
    [1, "node-1", null],
    [2, "node-2", null],
    [3, "node-3", null],
  ]);
  expect([pool.serving, pool.starts]).toEqual([3, 3]);
  expect(await pool.ask("metrics")).toEqual(["m 1", "m 2", "m 3"]);
});

it("does not start with a worker that cannot, and starts no other one", async () => {
  let forked = 0;
  const refuse = async (): Promise<never> => {
    throw new Error("no port");
  };
  const { pool, ports, workers } = world(2, () => new FakeWorker((forked += 1) === 2 ? { start: refuse } : {}));
  await expect(pool.start()).rejects.toThrow("no port");
  pool.kill();
  await ports.advance(60_000);
  expect(workers.map(({ killed }) => killed)).toEqual([true, true]);
});

it("does not start with a worker that ends before it serves", async () => {
  const { pool, workers } = world(2, () => new FakeWorker({ start: () => new Promise(() => {}) }));
  const started = pool.start();
  workers[1]!.end("exit code 7");
  await expect(started).rejects.toThrow("worker 2 ended (exit code 7)");
});

it("gives a worker a minute to start", async () => {
  const { pool, ports } = world(1, () => new FakeWorker({ start: () => new Promise(() => {}) }));
  const started = pool.start();
  started.catch(() => {});
  await ports.advance(59_999);
  expect(pool.serving).toBe(0);
  await ports.advance(1);
  await expect(started).rejects.toThrow("no answer in time");
});

it("puts another worker in the place of one that ended, with its number", async () => {
  const { pool, ports, workers } = world(2);
  await pool.start();
  await ports.advance(10_000);
  workers[0]!.end("SIGKILL");
  expect(pool.serving).toBe(1);
  await ports.advance(99);
  expect(workers).toHaveLength(2);
  await ports.advance(1);
  await ports.settle();
  expect(workers[2]!.plan?.number).toBe(1);
  expect([pool.serving, pool.starts]).toEqual([2, 3]);
});

it("gives up at the fifth end in a row, and starts none any more", async () => {
  const { pool, ports, workers, givenUp } = world(1);
  await pool.start();
  for (const pauseMs of [100, 400, 1_600, 5_000]) {
    workers.at(-1)!.end("SIGSEGV");
    expect(givenUp).toEqual([]);
    await ports.advance(pauseMs);
    await ports.settle();
    expect(pool.serving).toBe(1);
  }
  workers.at(-1)!.end("SIGSEGV");
  await ports.advance(60_000);
  expect(givenUp.map(({ message }) => message)).toEqual([
    "worker 1 ended (SIGSEGV), and so did those before it: no other one is started",
  ]);
  expect(workers).toHaveLength(5);
});

it("gives up a worker that cannot take another's place, after as many tries", async () => {
  let forked = 0;
  const refuse = async (): Promise<never> => {
    throw new Error("no configuration any more");
  };
  const { pool, ports, workers, givenUp } = world(1, () => new FakeWorker((forked += 1) > 1 ? { start: refuse } : {}));
  await pool.start();
  workers[0]!.end("SIGKILL");
  for (const pauseMs of [100, 400, 1_600, 5_000]) {
    await ports.advance(pauseMs);
    await ports.settle();
  }
  expect(workers.slice(1).map(({ killed }) => killed)).toEqual([true, true, true, true]);
  expect(givenUp).toHaveLength(1);
});

it("drains all at their share of the rate, those that come later too, and adds up how far they are", async () => {
  const { pool, ports, workers } = world(2);
  await pool.start();
  expect(await pool.draining()).toBeUndefined();
  await pool.drain({ overMs: 5_000, maxMovesPerSecond: 11 });
  expect(workers.map(({ drain }) => drain)).toEqual(Array(2).fill({ overMs: 5_000, maxMovesPerSecond: 5 }));
  expect(await pool.draining()).toEqual({ total: 4, told: 4, moved: 2, closed: 0, remaining: 2, done: false });
  workers[1]!.end("SIGKILL");
  await ports.advance(100);
  await ports.settle();
  expect(workers[2]!.plan?.drain).toEqual({ overMs: 5_000, maxMovesPerSecond: 5 });
});

it("shares the usual rate where none is asked for", async () => {
  const { pool, workers } = world(4);
  await pool.start();
  await pool.drain({});
  expect(workers[3]!.drain).toEqual({ maxMovesPerSecond: 250 });
});

it("closes all, lets them end, and replaces none of them", async () => {
  const { pool, ports, workers } = world(2);
  await pool.start();
  expect(await pool.close(10_000)).toBe(true);
  await ports.advance(60_000);
  expect(workers.map(({ released, killed }) => [released, killed])).toEqual([
    [true, false],
    [true, false],
  ]);
});

it("ends a worker that does not close in time, and says so", async () => {
  let forked = 0;
  const stuck = { close: (): Promise<null> => new Promise(() => {}) };
  const { pool, ports, workers } = world(2, () => new FakeWorker((forked += 1) === 2 ? stuck : {}));
  await pool.start();
  const closed = pool.close(10_000);
  await ports.settle();
  await ports.advance(9_999);
  expect(workers[1]!.killed).toBe(false);
  await ports.advance(1);
  await ports.settle();
  await ports.advance(5_000);
  expect(await closed).toBe(false);
  expect(workers.map(({ released, killed }) => [released, killed])).toEqual([
    [true, false],
    [false, true],
  ]);
});

it("leaves out a worker that does not answer", async () => {
  const { pool, ports, workers } = world(2);
  await pool.start();
  workers[0]!.send = () => {};
  const asked = pool.ask("connections");
  await ports.advance(5_000);
  expect(await asked).toEqual([3]);
});
