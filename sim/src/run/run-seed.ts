import { Violation } from "../check/violation.ts";
import type { Checker } from "../check/violation.ts";
import type { FaultKind, IncidentalFault } from "../faults/fault-kinds.ts";
import type { Action } from "../plan/action.ts";
import { drawPlan } from "../plan/draw-plan.ts";
import { noNumbers } from "../plan/number-set.ts";
import type { NumberSet } from "../plan/number-set.ts";
import { followPlan } from "../plan/perform.ts";
import { RandomStream } from "../random/random-stream.ts";
import { farewell } from "../world/farewell.ts";
import { heal, isQuiet, reportUnrest, revealBroker } from "../world/heal.ts";
import { drawOptions } from "../world/options.ts";
import type { WorldOptions } from "../world/options.ts";
import { World } from "../world/world.ts";
import type { Mutation } from "../world/world.ts";

/** What did not hold. */
export interface Failure {
  readonly checker: Checker;
  readonly message: string;
}

/** What one seed's run has shown. */
export interface SeedResult {
  readonly seed: number;
  /** Of all that happened: the same seed gives the same. */
  readonly hash: string;
  /** `undefined` when everything did hold. */
  readonly failure: Failure | undefined;
  readonly faults: readonly (readonly [FaultKind | IncidentalFault, number])[];
  readonly published: number;
  readonly delivered: number;
  readonly lost: number;
  readonly leftOut: number;
  readonly resets: number;
  readonly unknown: number;
  readonly events: number;
  readonly virtualMs: number;
}

export interface RunOptions {
  readonly mutation?: Mutation | undefined;
  /** Actions of the plan that are left out, by their numbers. */
  readonly without?: NumberSet;
  /** Takes one line for each thing that happens. */
  readonly write?: ((line: string) => void) | undefined;
}

/** How often what is asked after every event is really looked at. */
const quietCheckMs = 50;

/** The world of a seed, and what will happen in it. */
export function drawSeed(seed: number): { readonly options: WorldOptions; readonly plan: readonly Action[] } {
  const root = new RandomStream(seed);
  const options = drawOptions(seed, root);
  return { options, plan: drawPlan(options, root.split("plan")) };
}

/** Runs the world of a seed: faults and work, then it heals, and everything has to arrive. */
export async function runSeed(seed: number, run: RunOptions = {}): Promise<SeedResult> {
  const { mutation = {}, without = noNumbers, write } = run;
  const { options, plan } = drawSeed(seed);
  const absent = plan.filter((action) => action.kind === "client starts" && without.has(action.number));
  const world = new World(options, { mutation, write, absent: new Set(absent.map(({ number }) => number - 1)) });
  const onStray = (error: unknown): void => world.time.fail(error);
  process.on("unhandledRejection", onStray);
  process.on("uncaughtException", onStray);
  let failure: Failure | undefined;
  try {
    followPlan(world, plan, without);
    await world.time.run(options.workMs);
    heal(world);
    await untilQuiet(world);
    await revealBroker(world);
    world.ledger.check(world.store);
    await farewell(world);
  } catch (error) {
    failure = failureOf(error);
  } finally {
    process.off("unhandledRejection", onStray);
    process.off("uncaughtException", onStray);
  }
  const { published, delivered, lost, resets, leftOut } = world.figures;
  return {
    seed,
    hash: world.trace.hash,
    failure,
    faults: world.faults.entries,
    published,
    delivered,
    lost,
    resets,
    leftOut,
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

function failureOf(error: unknown): Failure {
  if (error instanceof Violation) return { checker: error.checker, message: error.message };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { checker: "assertions", message };
}
