import { readHistory } from "@hawser/client";
import type { PublishOptions, SubscribeFrom } from "@hawser/client";
import type { RandomStream } from "../random/random-stream.ts";
import type { ReadingStyle } from "../world/reader.ts";
import type { SimulatedClient } from "../world/simulated-client.ts";
import type { World } from "../world/world.ts";

/** Subscribes a client to what it may read and does not yet, with what it draws. */
export function subscribeToSome(world: World, client: SimulatedClient, random: RandomStream): void {
  if (client.process.asleep) return;
  for (const plan of world.options.channels) {
    if (
      client.readers.has(plan.name) ||
      client.prying.has(plan.name) ||
      !world.rights.may(client.user, plan.name) ||
      !random.chance(0.7)
    )
      continue;
    client.subscribe(plan.name, plan.history ? drawFrom(random) : "now", drawStyle(world, random));
  }
  if (!client.readers.has("$inbox")) client.subscribe("$inbox", "now", drawStyle(world, random));
}

function drawFrom(random: RandomStream): SubscribeFrom {
  return random.pick<SubscribeFrom>(["now", "earliest", { last: random.integer(1, 40) }]);
}

function drawStyle(world: World, random: RandomStream): ReadingStyle {
  if (random.chance(world.options.slowReaderRate)) {
    world.faults.add("slow reader");
    return random.chance(0.5)
      ? { kind: "loop", pauseMs: random.integer(5, 400) }
      : { kind: "stalling", everyMessages: random.integer(1, 20), stallMs: random.integer(500, 8_000) };
  }
  return random.chance(0.5) ? { kind: "listener" } : { kind: "loop", pauseMs: 0 };
}

/** A right that came back is asked for again, and what was left is subscribed to again. */
export function subscribeSomebody(world: World, random: RandomStream): void {
  const client = pickClient(world, random);
  if (client !== undefined) subscribeToSome(world, client, random);
}

/** Stores where a client stands. */
export function save(world: World, random: RandomStream): void {
  pickClient(world, random)?.save();
}

/** A burst of one or more publishes of one client. */
export function publish(world: World, random: RandomStream): void {
  const client = pickClient(world, random);
  if (client === undefined) return;
  const channels = world.options.channels.filter((plan) => plan.members?.includes(client.user) ?? true);
  if (channels.length === 0) return;
  const { least, most } = world.options.payloadBytes;
  const burst = random.chance(0.1) ? random.integer(2, 12) : 1;
  for (let index = 0; index < burst; index += 1) {
    // Now and then more than a channel takes: what stands behind it in the outbox has to go on without it.
    const padding = random.chance(0.01) ? 2 * world.maxPayloadBytes : random.integer(least, most);
    const { name, delivery } = random.pick(channels);
    client.publish(name, padding, delivery?.conflate === true ? drawKey(random) : drawPublishOptions(random));
  }
}

/** In a conflated channel most messages have a key, and some not. */
function drawKey(random: RandomStream): PublishOptions {
  return random.chance(0.2) ? {} : { key: random.pick(["one", "two", "three"]) };
}

function drawPublishOptions(random: RandomStream): PublishOptions {
  if (random.chance(0.85)) return {};
  const key = random.pick(["one", "two"]);
  return random.pick<PublishOptions>([{ key }, { key, supersede: true }, { ttlMs: random.integer(10, 5_000) }]);
}

/** Unsubscribes from something; sometimes it will be subscribed again from where it was, sometimes from anew. */
export function churn(world: World, random: RandomStream): void {
  const client = pickClient(world, random);
  if (client === undefined || client.readers.size === 0) return;
  const channel = random.pick([...client.readers.keys()]);
  client.unsubscribe(channel, random.chance(0.6));
}

/** The application sends into a user's inbox, through any node. */
export function sendToInbox(world: World, random: RandomStream): void {
  const { running } = world;
  if (running.length === 0) return;
  const { node, process } = random.pick(running);
  const user = random.pick(world.options.users);
  world.figures.published += 1;
  const id = `app:${world.figures.published}`;
  const channel = `$user.${user}`;
  const row = world.ledger.add({ id, channel, outbox: id, number: 1 });
  const data = Buffer.from(JSON.stringify({ id, only: channel }));
  void node?.sendToUser(user, { kind: "json", data }).then(
    (position) => {
      if (process.alive) row.outcome = { kind: "accepted", position };
    },
    () => {
      row.outcome = { kind: "unknown" };
    },
  );
  // A node that dies answers nobody.
  world.time.after(20_000, () => {
    if (row.outcome.kind === "pending") row.outcome = { kind: "abandoned" };
  });
}

/** Asks a node for something; the answer is lost now and then with the connection. */
export function call(world: World, random: RandomStream): void {
  const client = pickClient(world, random);
  if (client === undefined) return;
  world.figures.called += 1;
  const id = `${client.outbox}:call:${world.figures.called}`;
  const idempotent = random.chance(0.5);
  world.calls.begin(id, client.process, idempotent);
  client.client.call("echo", { id, delayMs: random.pick([0, 50, 1_000]) }, { idempotent, timeoutMs: 15_000 }).then(
    (reply) => world.calls.end(id, reply),
    () => world.calls.end(id, undefined),
  );
}

/** Tries to read what came before its grant, in a channel whose history is for nobody. */
function pryIntoHistory(world: World, client: SimulatedClient, name: string, random: RandomStream): void {
  const channel = client.client.channel(name);
  const report = (): void => world.report("rights", `${client.name} was given history of ${name}`);
  if (random.chance(0.5)) {
    readHistory(channel, { limit: 10 }).then(report, () => {});
    return;
  }
  const subscription = channel.subscribe({ from: random.pick<SubscribeFrom>(["earliest", { last: 5 }]) });
  client.prying.add(name);
  subscription.addEventListener("subscribed", report);
  subscription.addEventListener("ended", () => client.prying.delete(name));
  world.time.after(1_000, () => void subscription.close());
}

/** Tries to read what is not for this user. What comes of it is seen on the wire. */
export function pry(world: World, random: RandomStream): void {
  const client = pickClient(world, random);
  if (client === undefined) return;
  const others = world.options.users.filter((user) => user !== client.user).map((user) => `$user.${user}`);
  const forbidden = world.options.channels
    .filter((plan) => plan.members?.includes(client.user) === false)
    .map((plan) => plan.name);
  const free = (name: string): boolean => !client.prying.has(name) && !client.readers.has(name);
  const closed = world.options.channels.find((plan) => !plan.history && free(plan.name));
  if (closed !== undefined && random.chance(0.3)) return pryIntoHistory(world, client, closed.name, random);
  const names = [...others, ...forbidden].filter(free);
  if (names.length === 0) return;
  const channel = client.client.channel(random.pick(names));
  world.trace.note(`${client.name} pries into ${channel.name}`);
  if (random.chance(0.5)) {
    readHistory(channel, { limit: 10 }).then(
      ({ messages }) => world.trace.note(`${client.name} got ${messages.length} messages by prying`),
      () => {},
    );
    return;
  }
  const subscription = channel.subscribe({
    from: random.pick<SubscribeFrom>(["earliest", "now", { last: 5 }, { epoch: 1, offset: 0 }]),
  });
  client.prying.add(channel.name);
  subscription.addEventListener("ended", () => client.prying.delete(channel.name));
  world.time.after(1_000, () => void subscription.close());
}

/** Reads a page of history, and holds it against the store. */
export function compareHistory(world: World, random: RandomStream): void {
  const client = pickClient(world, random);
  if (client === undefined) return;
  const plans = world.options.channels.filter((plan) => plan.history && world.rights.may(client.user, plan.name));
  if (plans.length === 0) return;
  const { name } = random.pick(plans);
  const channel = world.store.channel(name);
  const { process } = client;
  readHistory(client.client.channel(name), { limit: random.integer(1, 50) }).then(
    (page) => {
      if (!process.alive || world.broker !== undefined) return;
      const expected = channel.entriesIn(page.epoch, page.from, page.to).filter((entry) => entry.offset > page.floor);
      const got = page.messages.map((message) => message.position.offset).filter((offset) => offset > page.floor);
      const same = expected.length === got.length && expected.every((entry, index) => entry.offset === got[index]);
      if (!same)
        world.report(
          "history",
          `${client.name} got the page (${page.from}, ${page.to}] of ${name} with ${got.join(", ")}`,
        );
    },
    () => {
      // A connection that was lost, or a right that was revoked.
    },
  );
}

/** One that is awake. */
function pickClient(world: World, random: RandomStream): SimulatedClient | undefined {
  if (world.clients.length === 0) return undefined;
  const client = random.pick(world.clients);
  return client.process.asleep ? undefined : client;
}
