import type { RandomStream } from "../random/random-stream.ts";
import type { World } from "../world/world.ts";
import { SocketUse } from "./socket-use.ts";

/** Sockets that one client has open at most. */
const maxOpen = 6;

/** A client opens a virtual socket to some upstream. */
export function openSocketSomewhere(world: World, random: RandomStream): void {
  if (world.clients.length === 0) return;
  const client = random.pick(world.clients);
  if (client.process.asleep) return;
  const open = world.sockets.uses.filter((use) => use.process === client.process && use.isOpen);
  if (open.length < maxOpen)
    world.sockets.uses.push(new SocketUse(world, client, world.sockets.uses.length + 1, random));
}

/** Somebody sends on a socket that is open. */
export function sayOnSocket(world: World, random: RandomStream): void {
  pickUse(world, random)?.say(random);
}

/** Somebody reads no more of a socket, for a while. */
export function stopReadingSocket(world: World, random: RandomStream): void {
  pickUse(world, random)?.pause(random.integer(200, 8_000));
}

/** Somebody closes a socket, open or not yet. */
export function closeSocket(world: World, random: RandomStream): void {
  const uses = world.sockets.uses.filter(({ process, settled }) => process.alive && !process.asleep && !settled);
  if (uses.length > 0) random.pick(uses).close(random);
}

function pickUse(world: World, random: RandomStream): SocketUse | undefined {
  const uses = world.sockets.uses.filter((use) => use.isOpen && !use.process.asleep);
  return uses.length === 0 ? undefined : random.pick(uses);
}
