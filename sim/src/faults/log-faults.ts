import { isOfPresence } from "../store/presence-channels.ts";
import type { RandomStream } from "../random/random-stream.ts";
import type { World } from "../world/world.ts";

/** The log does not answer for a while. */
export function unavailable(world: World, random: RandomStream): boolean {
  if (world.logUnavailable) return false;
  if (world.broker !== undefined) {
    world.broker.goAway(random.integer(50, 4_000));
    return true;
  }
  world.logUnavailable = true;
  world.time.after(random.integer(50, 4_000), () => {
    world.logUnavailable = false;
  });
  return true;
}

/** Somebody trims a channel, anywhere up to its end. */
export function trim(world: World, random: RandomStream): boolean {
  const channels = world.store.channels.filter(({ name, entries }) => entries.length > 0 && !isOfPresence(name));
  if (channels.length === 0) return false;
  const channel = random.pick(channels);
  const { offset } = random.pick(channel.entries);
  world.trace.note(`... ${channel.name} through ${offset}`);
  channel.trim(offset);
  return true;
}

/** A copy is taken now, and restored some time later under the nodes that run. */
export function backUp(world: World, random: RandomStream): boolean {
  const copy = world.store.copy();
  world.time.after(random.integer(50, 3_000), () => {
    if (world.healed) return;
    world.trace.note("the log goes back");
    world.store.restore(copy);
  });
  return true;
}

/** The node that owns the data crashes, and an older copy of the data is in its place when it starts again. */
export function dataLoss(world: World, random: RandomStream): boolean {
  const copy = world.store.copy();
  const node = world.nodes[0]!;
  if (!node.running) return false;
  world.time.after(random.integer(50, 3_000), () => {
    if (world.healed || !node.running) return;
    node.crash(500, false);
    world.trace.note("an older copy of the data is put in its place");
    world.store.replace(copy);
  });
  return true;
}
