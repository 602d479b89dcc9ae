import { subscribeToSome } from "../workload/workload.ts";
import type { World } from "./world.ts";

/**
 * Longer than anything on a healed path takes, a broker's time-outs with it. A connection that is half-open is found behind that, and
 * a batch that was lost just before by the next empty one.
 */
const brokerQuietMs = 10_000;

/** Faults end, everything runs again, everybody reads. From now on whatever is due has to arrive. */
export function heal(world: World): void {
  world.healed = true;
  world.trace.note("the world heals");
  world.logUnavailable = false;
  world.broker?.heal();
  world.figures.deliveredAt = world.time.now;
  world.rights.restoreAll();
  const { least } = world.options.latencyMs;
  const path = { latencyMs: least, jitterMs: 0, bytesPerMs: Number.POSITIVE_INFINITY };
  for (const connection of world.network.connections) {
    connection.change(path, path);
    connection.release();
  }
  world.relays.release();
  for (const upstream of world.upstreams) upstream.hurry();
  if (world.options.losesNode) world.nodes.at(-1)!.lose();
  for (const node of world.nodes) node.process.straightenClock();
  for (const client of world.clients) {
    client.process.straightenClock();
    client.process.wake();
    client.client.goOnline();
    subscribeToSome(world, client, world.random.heal);
    for (const reader of client.readers.values()) reader.hurry();
  }
  for (const use of world.sockets.uses) use.hurry(world.random.heal);
}

/** Whether everything has arrived. */
export function isQuiet(world: World): boolean {
  if (world.running.length < expectedNodes(world)) return false;
  if (world.sockets.unsettled.length > 0) return false;
  if (world.ledger.pending.length > 0 || world.calls.pending.length > 0) return false;
  if (world.options.presence && !allSeeAll(world)) return false;
  // On a broker nobody knows what there is: it is quiet when nothing was delivered for a while.
  if (world.broker !== undefined)
    return (
      world.time.now - world.figures.deliveredAt >
      brokerQuietMs + 3 * world.options.heartbeatMs + world.options.idleBatchMs
    );
  for (const client of world.clients) {
    for (const reader of client.readers.values()) if (!reader.check.complete) return false;
  }
  return true;
}

/** On a broker: reads what its log holds, and looks at what was delivered. */
export async function revealBroker(world: World): Promise<void> {
  if (world.broker === undefined) return;
  const names = [
    ...world.options.channels.map((plan) => plan.name),
    ...world.options.users.map((user) => `$user.${user}`),
  ];
  let done = false;
  void world.broker.readAll(world.process("cold reader"), names, world.store).then(
    () => {
      done = true;
    },
    (error: unknown) => world.time.fail(error),
  );
  await world.time.run(world.time.now + world.options.healMs, () => done);
  for (const check of world.deferred) check.replay();
  reportMissing(world);
}

/** Reports what did not arrive in time. */
export function reportUnrest(world: World): void {
  if (world.running.length < expectedNodes(world)) world.report("liveness", "a node does not run");
  for (const row of world.ledger.pending) world.report("liveness", `${row.id} never got an outcome`);
  for (const socket of world.sockets.unsettled) world.report("liveness", `${socket.describe()} is not done`);
  for (const id of world.calls.pending) world.report("liveness", `the call ${id} never ended`);
  if (world.options.presence && !allSeeAll(world)) {
    const seen = world.clients.map(({ outbox, sees }) => `${outbox} sees ${sees?.join(" ") ?? "nothing yet"}`);
    world.report("liveness", `not everybody who is there is seen, or others are: ${seen.join(", ")}`);
  }
  if (world.broker !== undefined) world.report("liveness", "messages still arrive");
  else reportMissing(world);
}

function reportMissing(world: World): void {
  for (const client of world.clients) {
    for (const reader of client.readers.values()) {
      if (!reader.check.complete)
        world.report("liveness", `${reader.check.describeMissing()} (${client.client.status.state})`);
    }
  }
}

function expectedNodes(world: World): number {
  return world.nodes.length - (world.options.losesNode ? 1 : 0);
}

/** Whether each sees exactly those who are there. */
function allSeeAll(world: World): boolean {
  const there = world.clients.map(({ outbox }) => outbox).toSorted();
  return world.clients.every(({ sees }) => sees?.length === there.length && sees.every((one, at) => one === there[at]));
}
