import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { enterPresence, watchPresence } from "@hawser/client";
import type { Channel, Client, PresenceWatch } from "@hawser/client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../support/clients.ts";
import { HawserProcess } from "../support/hawser-process.ts";

const configuration = ["--config", fileURLToPath(new URL("../support/presence.config.ts", import.meta.url))];
const clients: Client[] = [];
let owner: HawserProcess;
let second: HawserProcess;
let third: HawserProcess;

beforeAll(async () => {
  owner = await HawserProcess.start(configuration);
  const environment = { LOG_SOCKET: join(owner.folder, "log.sock") };
  [second, third] = await Promise.all([
    HawserProcess.start(configuration, environment),
    HawserProcess.start(configuration, environment),
  ]);
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

afterAll(async () => {
  await Promise.all([second.remove(), third.remove()]);
  await owner.remove();
});

function open(name: string, ...nodes: [HawserProcess, ...HawserProcess[]]): Client {
  const client = connect(nodes[0].url, name, { url: nodes.map(({ url }) => url) });
  clients.push(client);
  return client;
}

/** A watch that knows who is there: who comes from here on is told as coming. */
async function watched(channel: Channel): Promise<PresenceWatch> {
  const watch = watchPresence(channel);
  await new Promise((resolve) => watch.addEventListener("ready", resolve, { once: true }));
  return watch;
}

/** What a watcher was told, as `+ann`, `-ann`, `~ann`. */
function told(watch: PresenceWatch): string[] {
  const said: string[] = [];
  watch.addEventListener("join", ({ member }) => said.push(`+${member.user}`));
  watch.addEventListener("leave", ({ member }) => said.push(`-${member.user}`));
  watch.addEventListener("update", ({ member }) => said.push(`~${member.user}`));
  return said;
}

/** Waits until somebody came or went. */
function next(watch: PresenceWatch, event: "join" | "leave" | "update", user: string): Promise<void> {
  return new Promise((resolve) => {
    watch.addEventListener(event, ({ member }) => {
      if (member.user === user) resolve();
    });
  });
}

/** A member that was seen to come after something proves that what came before it has been told. */
async function marker(node: HawserProcess, watch: PresenceWatch, name: string): Promise<void> {
  const came = next(watch, "join", name);
  enterPresence(open(name, node).channel(watch.channel));
  await came;
}

describe("presence over three nodes in three processes", () => {
  it("shows on each node who entered on another, and that they left after the grace time", async () => {
    const room = await watched(open("eve", third).channel("room.one"));
    const came = next(room, "join", "ann");
    const ann = open("ann", second);
    const me = enterPresence(ann.channel("room.one"), { mood: "calm" });
    await Promise.all([me.entered, came]);
    expect([...room.members.values()]).toMatchObject([{ user: "ann", state: { mood: "calm" }, self: false }]);
    const changed = next(room, "update", "ann");
    me.update({ mood: "busy" });
    await changed;
    expect([...room.members.values()]).toMatchObject([{ user: "ann", state: { mood: "busy" } }]);
    const left = next(room, "leave", "ann");
    ann.goOffline();
    await left;
    expect(room.count).toBe(0);
  });

  it("shows nothing of a connection that is cut and made again", async () => {
    const room = await watched(open("eve", third).channel("room.cut"));
    const ann = open("ann", second);
    const came = next(room, "join", "ann");
    const me = enterPresence(ann.channel("room.cut"));
    await came;
    const said = told(room);
    for (let cut = 0; cut < 5; cut += 1) {
      const entered = new Promise((resolve) => me.addEventListener("entered", resolve, { once: true }));
      ann.reconnect();
      await entered;
    }
    await marker(owner, room, "mark");
    expect(said).toEqual(["+mark"]);
    const left = next(room, "leave", "ann");
    await me.close();
    await left;
  });

  it("shows nothing of a node that is killed, for those who went elsewhere; and that the others are gone", async () => {
    const room = await watched(open("eve", owner).channel("room.kill"));
    const all = Promise.all(["ann", "bob", "tom"].map((name) => next(room, "join", name)));
    const movers = [open("ann", second, third), open("bob", second, third)];
    const memberships = movers.map((client) => enterPresence(client.channel("room.kill")));
    const tom = open("tom", second);
    enterPresence(tom.channel("room.kill"));
    await all;
    const said = told(room);
    const again = memberships.map(
      (one) => new Promise((resolve) => one.addEventListener("entered", resolve, { once: true })),
    );
    const gone = next(room, "leave", "tom");
    await second.kill();
    await Promise.all([...again, gone]);
    await marker(third, room, "mark");
    expect(said).toEqual(["-tom", "+mark"]);
    const back = next(room, "join", "tom");
    await second.start();
    await back;
    expect(said).toEqual(["-tom", "+mark", "+tom"]);
  });

  it("shows nothing of a node that is stopped in good order, and of one that begins", async () => {
    const room = await watched(open("eve", owner).channel("room.stop"));
    const came = next(room, "join", "ann");
    const me = enterPresence(open("ann", third, second).channel("room.stop"));
    await came;
    const said = told(room);
    const again = new Promise((resolve) => me.addEventListener("entered", resolve, { once: true }));
    await third.stop();
    await again;
    await third.start();
    await marker(third, room, "mark");
    expect(said).toEqual(["+mark"]);
    const late = await watched(open("late", third).channel("room.stop"));
    expect([...late.members.values()].map(({ user }) => user).toSorted()).toEqual(["ann", "mark"]);
  });

  it("shows nothing of a log that is killed and comes back without what it held in memory", async () => {
    const room = await watched(open("eve", third).channel("room.log"));
    const came = next(room, "join", "ann");
    const me = enterPresence(open("ann", second).channel("room.log"), "calm");
    await came;
    const said = told(room);
    await owner.kill();
    await owner.start();
    // What is entered now is written again until the log takes it.
    const changed = next(room, "update", "ann");
    me.update("busy");
    await changed;
    await marker(second, room, "mark");
    expect(said).toEqual(["~ann", "+mark"]);
    const late = await watched(open("late", owner).channel("room.log"));
    const everybody = (): string[] => [...late.members.values()].map(({ user }) => user).toSorted();
    if (!everybody().includes("mark")) await next(late, "join", "mark");
    expect(everybody()).toEqual(["ann", "mark"]);
  });

  it("counts for those who want no names", async () => {
    const counted = watchPresence(open("eve", third).channel("room.count"), { countOnly: true });
    const three = new Promise<void>((resolve) => {
      counted.addEventListener("count", ({ count }) => {
        if (count === 3) resolve();
      });
    });
    for (const name of ["ann", "bob", "tom"]) enterPresence(open(name, second).channel("room.count"));
    await three;
    expect(counted.members.size).toBe(0);
  });
});
