import type { World } from "./world.ts";

/** Until what nobody uses any more is found and freed: heartbeats, and the time for which a channel lingers. */
function patienceMs(world: World): number {
  return 3 * world.options.heartbeatMs + (world.options.sockets?.resumeMs ?? 0) + 20_000;
}

/**
 * At the end everybody leaves, and nothing may be left of them: no cursor when all subscriptions are closed; then, when all
 * clients are, no connection and no channel at any node, and no timer at any client.
 */
export async function farewell(world: World): Promise<void> {
  world.trace.note("everybody leaves");
  for (const client of world.clients) client.leave();
  await until(world, () => world.running.every((node) => node.held.subscriptions === 0));
  for (const node of world.running) {
    const { subscriptions } = node.held;
    if (subscriptions > 0) world.report("bounds", `${node.host} keeps ${subscriptions} cursors that nobody has`);
  }
  world.sockets.leaving = true;
  for (const client of world.clients) void client.client.close();
  await until(
    world,
    () =>
      world.running.every((node) => node.connections === 0 && node.held.channels === 0 && node.sockets === 0) &&
      world.clients.every(({ process }) => process.timers === 0),
  );
  for (const node of world.running) {
    if (node.connections > 0) world.report("bounds", `${node.host} keeps ${node.connections} connections`);
    if (node.sockets > 0) world.report("bounds", `${node.host} keeps ${node.sockets} virtual sockets`);
    if (node.held.channels > 0) world.report("bounds", `${node.host} keeps ${node.held.channels} channels`);
  }
  for (const { name, process } of world.clients) {
    if (process.timers > 0) world.report("bounds", `${name} has left, and keeps ${process.timers} timers`);
  }
  await world.time.run(world.time.now);
}

async function until(world: World, done: () => boolean): Promise<void> {
  await world.time.run(world.time.now + patienceMs(world), done);
}
