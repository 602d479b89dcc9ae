import type { SimulatedConnection } from "../network/simulated-connection.ts";
import type { SimulatedClient } from "../world/simulated-client.ts";
import type { RandomStream } from "../random/random-stream.ts";
import { upstreamNames } from "../sockets/simulated-upstreams.ts";
import { openOf } from "../world/rights.ts";
import type { World } from "../world/world.ts";
import type { FaultKind } from "./fault-kinds.ts";
import { backUp, dataLoss, trim, unavailable } from "./log-faults.ts";

/** How many clients there may be, with all their duplicates. */
const maxClients = 8;

/** Does one fault to the world. Returns false where there is nothing to do it to. */
export function inject(world: World, kind: FaultKind, random: RandomStream): boolean {
  const short = (): number => random.number() * 200;
  switch (kind) {
    case "cut, client hears first":
      return withConnection(world, random, (connection) => connection.cut(0, short()));
    case "cut, node hears first":
      return withConnection(world, random, (connection) => connection.cut(short(), 0));
    case "cut after some messages up":
      return withConnection(world, random, (connection) =>
        connection.cutAfter("up", random.integer(0, 5), short(), short()),
      );
    case "cut after some messages down":
      return withConnection(world, random, (connection) =>
        connection.cutAfter("down", random.integer(0, 5), short(), short()),
      );
    case "half-open":
      // Sometimes one side hears of it, sometimes neither does before its heartbeat.
      return withConnection(world, random, (connection) => {
        const hears = random.integer(0, 2);
        connection.cut(hears === 0 ? short() : undefined, hears === 1 ? short() : undefined);
      });
    case "stall up":
      return withConnection(world, random, (connection) => connection.stall("up", random.integer(100, 8_000)));
    case "stall down":
      return withConnection(world, random, (connection) => connection.stall("down", random.integer(100, 8_000)));
    case "slow link":
      return withConnection(world, random, (connection) => {
        const path = { latencyMs: 20 + random.number() * 200, jitterMs: 50, bytesPerMs: random.pick([1, 5, 50]) };
        connection.change(path, path);
      });
    case "connects refused":
      return refuseConnects(world, random);
    case "node crash":
      return withNode(world, random, (node) => node.crash(random.integer(50, 4_000), random.chance(0.5)));
    case "node restart":
      return withNode(world, random, (node) => void node.stop(0, random.integer(50, 2_000)));
    case "node drain":
      return withNode(world, random, (node) => void node.stop(random.integer(100, 3_000), random.integer(50, 2_000)));
    case "log unavailable":
      return unavailable(world, random);
    case "trim":
      return trim(world, random);
    case "log went back":
      return world.options.owned ? dataLoss(world, random) : backUp(world, random);
    case "client sleeps":
      return withClient(world, random, (client) => {
        client.process.sleep();
        const { process } = client;
        world.time.after(random.integer(500, world.options.maxSleepMs), () => process.wake());
      });
    case "client clock steps":
      return withClient(world, random, (client) => client.process.stepClock(random.integer(-100_000, 100_000)));
    case "node clock steps":
      return withNode(world, random, (node) => node.process.stepClock(random.integer(-5_000, 5_000)));
    case "client reload":
      return withClient(world, random, (client) => client.reload());
    case "client crash":
      return withClient(world, random, (client) => client.crash(random.chance(0.5)));
    case "duplicated tab":
      return withClient(world, random, (client) => {
        if (world.clients.length < maxClients) world.clients.push(client.duplicate(`c${world.clients.length}`));
      });
    case "right revoked":
      return revoke(world, random);
    case "relay cut":
      return world.relays.cut(random);
    case "relay stalls":
      return world.relays.stall(random);
    case "right to open revoked":
      return revokeOpen(world, random);
    case "reconnect":
      return withClient(world, random, (client) => client.client.reconnect());
    case "one connection left":
      return withClient(world, random, (client) => {
        const { connections } = client.client.status;
        if (connections.length > 0) client.client.reconnect(random.pick(connections).id);
      });
    case "left with frames under way":
      // The client goes on elsewhere, and what it sent before arrives when it has long been there.
      return withConnection(world, random, (connection) => {
        connection.stall("up", random.integer(500, 6_000));
        const client = world.clients.find(({ process }) => process === connection.client);
        world.time.after(random.number() * 50, () => client?.process.run(() => client.client.reconnect()));
      });
    case "batches lost":
      return withConnection(world, random, (connection) => connection.loseBatches(random.integer(1, 3)));
    case "batch comes again":
      return withConnection(world, random, (connection) => connection.repeatBatch());
    case "offline":
      return withClient(world, random, (client) => {
        client.client.goOffline();
        const { process } = client;
        const back = client.client;
        world.time.after(random.integer(100, 5_000), () => process.run(() => back.goOnline()));
      });
  }
}

/** Whether a fault was done, with its trace. */
function withConnection(world: World, random: RandomStream, act: (connection: SimulatedConnection) => void): boolean {
  const { connections } = world.network;
  if (connections.length === 0) return false;
  const connection = random.pick(connections);
  world.trace.note(`... to connection ${connection.id}`);
  act(connection);
  return true;
}

function withClient(world: World, random: RandomStream, act: (client: SimulatedClient) => void): boolean {
  if (world.clients.length === 0) return false;
  const client = random.pick(world.clients);
  if (client.process.asleep) return false;
  world.trace.note(`... to ${client.name}`);
  act(client);
  return true;
}

function withNode(world: World, random: RandomStream, act: (node: World["nodes"][number]) => void): boolean {
  const { running } = world;
  if (running.length === 0) return false;
  act(random.pick(running));
  return true;
}

function refuseConnects(world: World, random: RandomStream): boolean {
  const until = world.time.now + random.integer(100, 5_000);
  world.network.refuseWhen(() => !world.healed && world.time.now < until);
  return true;
}

/** A right goes, all nodes are told, and some time later it comes back. */
function revoke(world: World, random: RandomStream): boolean {
  const restricted = world.options.channels.filter((plan) => plan.members !== undefined);
  if (restricted.length === 0) return false;
  const plan = random.pick(restricted);
  const user = random.pick(plan.members!);
  if (!world.rights.may(user, plan.name)) return false;
  world.trace.note(`... from ${user} on ${plan.name}`);
  takeAway(world, user, plan.name, random.integer(500, 5_000));
  return true;
}

/** The right to open sockets to an upstream goes, and some time later it comes back. */
function revokeOpen(world: World, random: RandomStream): boolean {
  if (world.options.sockets === undefined) return false;
  const user = random.pick(world.options.users);
  const upstream = random.pick(upstreamNames);
  if (!world.rights.mayOpen(user, upstream)) return false;
  world.trace.note(`... from ${user} on ${upstream}`);
  world.sockets.forbid(user, upstream);
  takeAway(world, user, openOf(upstream), random.integer(500, 5_000));
  return true;
}

function takeAway(world: World, user: string, name: string, forMs: number): void {
  const told = world.nodes.filter((node) => node.process.alive);
  world.rights.revoke(
    user,
    name,
    told.map((node) => node.process),
  );
  for (const { node, process } of told) void node?.refresh(user).then(() => world.rights.told(user, name, process));
  world.time.after(forMs, () => world.rights.restore(user, name));
}
