import { enterPresence, watchPresence } from "@hawser/client";
import type { Client } from "@hawser/client";
import { memoryLog } from "@hawser/log";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import { afterEach, describe, expect, it } from "vitest";
import { connect } from "../support/clients.ts";
import { sessionTransports } from "../support/transports.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Long polls tell of members late, by up to a poll: too late for a test that waits for each change. */
const prompt = sessionTransports.filter(({ name }) => name !== "HTTP polling");

describe.each(prompt)("over $name", (transport) => {
  it("a member is there once, whatever its connection becomes, with its newest state, until it leaves", async () => {
    const server = createServer({
      log: memoryLog(),
      authenticate: anonymous({ allowNames: true }),
      channels: [{ pattern: "**", presence: true }],
      port: 0,
      host: "127.0.0.1",
      logger: silentLogger,
      ...transport.server,
    });
    await server.listen();
    ends.push(() => server.close());
    const open = (name: string): Client => {
      const client = connect(transport.urlOf(server), name, { connector: transport.connector() });
      ends.push(() => client.close());
      return client;
    };
    const [ann, bob] = [open("ann"), open("bob")];
    const watch = watchPresence(bob.channel("room"));
    const told: string[] = [];
    for (const kind of ["join", "leave"] as const) {
      watch.addEventListener(kind, ({ member }) => told.push(`${kind} ${member.user}`));
    }
    while (!watch.ready) await turn();
    const member = enterPresence(ann.channel("room"), { mood: 0 });
    await member.entered;
    while (watch.members.size === 0) await turn();
    for (const count of [1, 2, 3]) {
      // Where a connection is made of streams, each of these needs another.
      const subscriptions = [ann, bob].map((client) => client.channel(`other.${count}`).subscribe());
      await Promise.all(
        subscriptions.map(
          (subscription) =>
            new Promise((resolve) => subscription.addEventListener("subscribed", resolve, { once: true })),
        ),
      );
      member.update({ mood: count });
      while ([...watch.members.values()][0]?.state === undefined || !moodIs(watch.members, count)) await turn();
    }
    expect(told).toEqual(["join ann"]);
    await member.close();
    while (watch.members.size > 0) await turn();
    expect(told).toEqual(["join ann", "leave ann"]);
  });
});

function moodIs(members: ReadonlyMap<string, { readonly state: unknown }>, mood: unknown): boolean {
  return [...members.values()].every(({ state }) => (state as { mood: unknown }).mood === mood);
}
