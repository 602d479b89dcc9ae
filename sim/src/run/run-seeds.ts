import type { SeedResult } from "./run-seed.ts";
import { WorkerProcess } from "./worker-process.ts";

export interface SeedsOptions {
  /** The worker's program. */
  readonly worker: string;
  readonly workers: number;
  readonly first: number;
  readonly count: number;
  /** Told of each seed, in the order of the seeds, however they were shared out. */
  readonly onSeed: (result: SeedResult) => void;
}

/** Seeds that a worker takes at a time. */
const seedsPerOrder = 20;

/** Runs seeds in several processes. Rejects when one of them dies. */
export function runSeeds({ worker, workers, first, count, onSeed }: SeedsOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = first + count;
    const early = new Map<number, SeedResult>();
    const running: WorkerProcess[] = [];
    let ordered = first;
    let told = first;
    const finish = (): void => {
      for (const one of running) one.stop();
    };
    const handlers = {
      onSeed: (result: SeedResult): void => {
        early.set(result.seed, result);
        for (let next = early.get(told); next !== undefined; next = early.get(told)) {
          early.delete(told);
          told += 1;
          onSeed(next);
        }
        if (told < end) return;
        finish();
        resolve();
      },
      onIdle: (idle: WorkerProcess): void => {
        const orderCount = Math.min(seedsPerOrder, end - ordered);
        if (orderCount <= 0) return;
        idle.run({ first: ordered, count: orderCount, stopAtFailure: false });
        ordered += orderCount;
      },
      onDied: (how: string): void => {
        finish();
        reject(new Error(how));
      },
    };
    if (count <= 0) return resolve();
    for (let index = 0; index < Math.min(workers, count); index += 1) running.push(new WorkerProcess(worker, handlers));
  });
}
