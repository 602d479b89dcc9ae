import type { FaultKind, IncidentalFault } from "./faults/fault-kinds.ts";
import { inject } from "./faults/inject.ts";
import { RandomStream } from "./random/random-stream.ts";
import { drawOptions } from "./world/options.ts";
import type { WorldOptions } from "./world/options.ts";
import { heal, isQuiet, reportUnrest, revealBroker } from "./world/heal.ts";
import { World } from "./world/world.ts";
import type { Mutation } from "./world/world.ts";
import { repeat, startWorkload } from "./workload/workload.ts";

/** What one seed's run has shown. */
export interface SeedResult {
  readonly seed: number;
  /** Of all that happened: the same seed gives the same. */
  readonly hash: string;
  /** What did not hold; `undefined` when everything did. */
  readonly violation: Error | undefined;
  readonly faults: readonly (readonly [FaultKind | IncidentalFault, number])[];
  readonly published: number;
  readonly delivered: number;
  readonly lost: number;
  readonly resets: number;
  readonly unknown: number;
  readonly events: number;
  readonly virtualMs: number;
}

export interface RunOptions {
  readonly mutation?: Mutation;
  /** Takes one line for each thing that happens. */
  readonly write?: (line: string) => void;
}

/** How often what is asked after every event is really looked at. */
const quietCheckMs = 50;

/** Runs the world of a seed: faults and work, then it heals, and everything has to arrive. */
export function runSeed(seed: number, options: RunOptions = {}): Promise<SeedResult> {
  return runWorld(drawOptions(seed, new RandomStream(seed)), options);
}

/** The same for a world whose options are given. */
async function runWorld(options: WorldOptions, run: RunOptions = {}): Promise<SeedResult> {
  const world = new World(options, run.mutation, run.write);
  const onStray = (error: unknown): void => world.time.fail(error);
  process.on("unhandledRejection", onStray);
  process.on("uncaughtException", onStray);
  let violation: Error | undefined;
  try {
    startWorkload(world);
    startFaults(world);
    await world.time.run(options.workMs);
    heal(world);
    await untilQuiet(world);
    await revealBroker(world);
    world.ledger.check(world.store);
    // A checker that only reports has to be heard too.
    await world.time.run(world.time.now);
  } catch (error) {
    violation = error instanceof Error ? error : new Error(String(error));
  } finally {
    process.off("unhandledRejection", onStray);
    process.off("uncaughtException", onStray);
  }
  const { published, delivered, lost, resets } = world.figures;
  return {
    seed: options.seed,
    hash: world.trace.hash,
    violation,
    faults: world.faults.entries,
    published,
    delivered,
    lost,
    resets,
    unknown: world.ledger.count("unknown"),
    events: world.time.events,
    virtualMs: world.time.now,
  };
}

/** Lets time pass until everything has arrived, at most for `healMs`. */
export async function untilQuiet(world: World): Promise<void> {
  let next = world.time.now;
  await world.time.run(world.time.now + world.options.healMs, () => {
    if (world.time.now < next) return false;
    next = world.time.now + quietCheckMs;
    return isQuiet(world);
  });
  if (!isQuiet(world)) reportUnrest(world);
  await world.time.run(world.time.now);
}

function startFaults(world: World): void {
  for (const [kind, meanMs] of world.options.faults) {
    repeat(world, meanMs, () => {
      world.trace.note(`fault: ${kind}`);
      if (inject(world, kind)) world.faults.add(kind);
    });
  }
}
