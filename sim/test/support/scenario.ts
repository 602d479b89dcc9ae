import { untilQuiet } from "../../src/run/run-seed.ts";
import { heal } from "../../src/world/heal.ts";
import { calmWorld } from "../../src/world/options.ts";
import type { WorldOptions } from "../../src/world/options.ts";
import { World } from "../../src/world/world.ts";
import type { Mutation } from "../../src/world/world.ts";

/** A calm world, with what a scenario changes in it, whose clients have connected. */
export async function calm(changes: Partial<WorldOptions> = {}, mutation: Mutation = {}): Promise<World> {
  const world = new World({ ...calmWorld, ...changes }, { mutation });
  await world.time.run(200);
  return world;
}

/** Lets so much time pass. Rejects when a checker has found something. */
export function pass(world: World, ms: number): Promise<void> {
  return world.time.run(world.time.now + ms);
}

/** Heals the world, waits until everything has arrived, and holds all of it against the store. */
export async function settle(world: World): Promise<void> {
  heal(world);
  await untilQuiet(world);
  world.ledger.check(world.store);
  await world.time.run(world.time.now);
}

/** How the publishes ended, by the order in which they were made. */
export function outcomes(world: World): string[] {
  return [...world.ledger.rows].map((row) => row.outcome.kind);
}

/** Which publishes a channel's log holds now, in its order. */
export function numbersIn(world: World, channel: string): number[] {
  return world.store.channel(channel).entries.map((entry) => {
    const text = Buffer.from(entry.payload!.data).toString("utf8");
    return Number(/"id":"[^:]*:(\d+)"/.exec(text)![1]);
  });
}
