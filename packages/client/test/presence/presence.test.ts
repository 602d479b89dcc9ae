import { describe, expect, it } from "vitest";
import { payloadOf, valueOf } from "@hawser/protocol";
import type { EnterFrame, ServerFrame, WatchFrame } from "@hawser/protocol";
import { enterPresence, watchPresence } from "../../src/presence/presence.ts";
import type { PresenceWatch } from "../../src/presence/presence-watch.ts";
import { connected, failureOf, fixture } from "../fixture.ts";
import type { FakePeer } from "../fake-server.ts";

const present = (user: string, state: unknown = null, member = "m", number = 4): ServerFrame => ({
  type: "present",
  number,
  user,
  member,
  payload: payloadOf(state),
});
const absent = (user: string, member = "m"): ServerFrame => ({ type: "absent", number: 4, user, member });
const census = (count: number, anew = false): ServerFrame => ({ type: "census", number: 4, count, anew });
const error = (id: number, code: string, retryAfterMs?: number): ServerFrame => ({
  type: "error",
  id,
  code,
  message: code,
  retry: retryAfterMs !== undefined,
  retryAfterMs: retryAfterMs ?? 0,
});

const entered = ({ id, member }: EnterFrame): ServerFrame => ({ type: "entered", id, member });
const watched = ({ id }: WatchFrame): ServerFrame => ({ type: "watched", id, number: 4 });

/** Answers what is asked of presence as a server would. */
function obliging(frame: { readonly type: string }, peer: FakePeer): void {
  if (frame.type === "enter") peer.send(entered(frame as EnterFrame));
  if (frame.type === "watch") peer.send(watched(frame as WatchFrame));
}

function told(watch: PresenceWatch): string[] {
  const said: string[] = [];
  watch.addEventListener("ready", () => said.push("ready"));
  watch.addEventListener("join", ({ member }) => said.push(`+${member.user}`));
  watch.addEventListener("leave", ({ member }) => said.push(`-${member.user}`));
  watch.addEventListener("update", ({ member, former }) =>
    said.push(`${member.user} ${JSON.stringify(former.state)} ${JSON.stringify(member.state)}`),
  );
  watch.addEventListener("count", ({ count }) => said.push(`=${count}`));
  watch.addEventListener("ended", ({ error: cause }) => said.push(`ended ${cause?.code ?? ""}`));
  return said;
}

describe("a membership", () => {
  it("enters when there is a connection, and shows its newest state", async () => {
    const { ports, server, client } = fixture();
    server.answer = obliging;
    const me = enterPresence<{ typing: boolean }>(client.channel("chat"), { typing: false });
    me.update({ typing: true });
    await ports.advance(1);
    await me.entered;
    const frame = server.peer.last("enter");
    expect(server.peer.of("enter")).toHaveLength(1);
    expect(frame).toMatchObject({ channel: "chat", member: me.member, generation: 1 });
    expect(valueOf(frame.payload)).toEqual({ typing: true });
    expect(me.state).toEqual({ typing: true });
  });

  it("sends of states that change while one is under way only the last", async () => {
    const { ports, server, client } = await connected();
    const me = enterPresence<number>(client.channel("chat"), 0);
    await ports.advance(1);
    for (let state = 1; state <= 5; state += 1) me.update(state);
    await ports.advance(1);
    expect(server.peer.of("enter")).toHaveLength(1);
    server.peer.send(entered(server.peer.last("enter")));
    await ports.advance(1);
    const frames = server.peer.of("enter");
    expect(frames.map(({ payload }) => valueOf(payload))).toEqual([0, 5]);
    expect(frames.map(({ generation }) => generation)).toEqual([1, 1]);
  });

  it("enters with a higher generation over the next connection, as the same member [PRES-2]", async () => {
    const { ports, server, client } = await connected();
    server.answer = obliging;
    const me = enterPresence(client.channel("chat"), "x");
    const other = enterPresence(client.channel("room"), "y");
    await ports.advance(1);
    server.peer.cut();
    await ports.advance(60_000);
    const before = server.peers[0]!.of("enter");
    const after = server.peer.of("enter");
    expect(after.map(({ channel, payload }) => [channel, valueOf(payload)])).toEqual([
      ["chat", "x"],
      ["room", "y"],
    ]);
    expect(new Set([...before, ...after].map(({ member }) => member))).toEqual(new Set([me.member]));
    expect(other.member).toBe(me.member);
    expect(Math.min(...after.map(({ generation }) => generation))).toBeGreaterThan(
      Math.max(...before.map(({ generation }) => generation)),
    );
  });

  it("leaves when it is closed, with the generation that it entered with [PRES-6]", async () => {
    const { ports, server, client } = await connected();
    server.answer = obliging;
    const me = enterPresence(client.channel("chat"));
    await ports.advance(1);
    await me.close();
    await me.close();
    await ports.advance(1);
    expect(server.peer.of("leave")).toMatchObject([{ channel: "chat", generation: 1 }]);
    const again = enterPresence(client.channel("chat"));
    await ports.advance(1);
    await again.entered;
    expect(server.peer.last("enter").generation).toBe(2);
  });

  it("asks later when the server says so, with the newest state [PRES-8]", async () => {
    const { ports, server, client } = await connected();
    const me = enterPresence<number>(client.channel("chat"), 1);
    await ports.advance(1);
    server.peer.send(error(server.peer.last("enter").id, "rate-limited", 700));
    await ports.advance(600);
    me.update(2);
    expect(server.peer.of("enter")).toHaveLength(1);
    await ports.advance(5_000);
    expect(server.peer.of("enter").map(({ payload }) => valueOf(payload))).toEqual([1, 2]);
  });

  it("ends with what keeps it out, and when the right is revoked [PRES-14]", async () => {
    const { ports, server, client } = await connected();
    const me = enterPresence(client.channel("chat"));
    const failure = failureOf(me.entered);
    await ports.advance(1);
    server.peer.send(error(server.peer.last("enter").id, "presence-unavailable"));
    await ports.advance(1);
    expect(await failure).toMatchObject({ code: "presence-unavailable" });
    server.answer = obliging;
    const again = enterPresence(client.channel("chat"));
    await ports.advance(1);
    const codes: unknown[] = [];
    again.addEventListener("ended", (event) => codes.push(event.error?.code));
    server.peer.send({ type: "revoked", channel: "chat", verb: "presence", message: "not this one" });
    server.peer.send({ type: "revoked", channel: "chat", verb: "enter", message: "gone" });
    await ports.advance(1);
    expect(codes).toEqual(["forbidden"]);
    server.peer.cut();
    await ports.advance(60_000);
    expect(server.peer.of("enter")).toEqual([]);
  });

  it("takes only JSON for a state, and is one in a channel", async () => {
    const { client } = await connected();
    const channel = client.channel("chat");
    expect(() => enterPresence(channel, new Uint8Array(2))).toThrow(
      expect.objectContaining({ code: "payload-invalid" }),
    );
    enterPresence(channel);
    expect(() => enterPresence(channel)).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });

  it("ends with the client", async () => {
    const { ports, server, client } = await connected();
    server.answer = obliging;
    const me = enterPresence(client.channel("chat"));
    const ended = new Promise((resolve) => me.addEventListener("ended", resolve));
    await ports.advance(1);
    await client.close();
    expect(await ended).toMatchObject({ error: undefined });
    await ports.advance(1);
    expect(server.peer.of("leave")).toMatchObject([{ channel: "chat", generation: 1 }]);
    const late = enterPresence(client.channel("room"));
    expect(await failureOf(late.entered)).toMatchObject({ code: "closed" });
  });
});

describe("a watch", () => {
  it("knows who is there when all were told, and then says who comes, changes and goes [PRES-10] [PRES-11]", async () => {
    const { ports, server, client } = await connected();
    server.answer = obliging;
    const room = watchPresence(client.channel("chat"));
    const said = told(room);
    const me = enterPresence(client.channel("chat"));
    await ports.advance(1);
    server.peer.send(present("bob", 1), present("ann", null, me.member));
    await ports.advance(1);
    expect(said).toEqual([]);
    expect(room.ready).toBe(false);
    server.peer.send(census(2));
    await ports.advance(1);
    expect(said.splice(0)).toEqual(["ready", "=2"]);
    expect([...room.members.values()]).toEqual([
      { id: "bob m", user: "bob", member: "m", state: 1, self: false },
      { id: `ann ${me.member}`, user: "ann", member: me.member, state: null, self: true },
    ]);
    server.peer.send(present("tom"), present("bob", 2), present("bob", 2), absent("ann", me.member), absent("nobody"));
    await ports.advance(1);
    expect(said).toEqual(["+tom", "=3", "bob 1 2", "-ann", "=2"]);
    expect(room.count).toBe(2);
  });

  it("says over another connection only what differs, and nothing before all were told", async () => {
    const { ports, server, client } = await connected();
    server.answer = obliging;
    const room = watchPresence(client.channel("chat"));
    await ports.advance(1);
    server.peer.send(present("ann", 1), present("bob"), present("tom"), census(3));
    await ports.advance(1);
    const said = told(room);
    server.peer.cut();
    await ports.advance(60_000);
    expect(room.members.size).toBe(3);
    server.peer.send(present("bob"), present("eve"), present("ann", 2));
    await ports.advance(1);
    expect(said.splice(0)).toEqual(["+eve", "=4", "ann 1 2"]);
    server.peer.send(census(3));
    await ports.advance(1);
    expect(said).toEqual(["-tom", "=3"]);
    expect(room.count).toBe(3);
  });

  it("begins anew when the server says so [PRES-12]", async () => {
    const { ports, server, client } = await connected();
    server.answer = obliging;
    const room = watchPresence(client.channel("chat"));
    await ports.advance(1);
    server.peer.send(present("ann"), present("bob"), census(2));
    await ports.advance(1);
    const said = told(room);
    server.peer.send(census(1, true), present("bob"));
    await ports.advance(1);
    expect(said).toEqual([]);
    server.peer.send(census(1));
    await ports.advance(1);
    expect(said).toEqual(["-ann", "=1"]);
  });

  it("of the count alone asks for that, and tells it [PRES-11]", async () => {
    const { ports, server, client } = await connected();
    server.answer = obliging;
    const room = watchPresence(client.channel("chat"), { countOnly: true });
    const said = told(room);
    await ports.advance(1);
    expect(server.peer.last("watch").countOnly).toBe(true);
    server.peer.send(census(0), census(5), census(5), census(7));
    await ports.advance(1);
    expect(said).toEqual(["ready", "=0", "=5", "=7"]);
    expect(room.count).toBe(7);
  });

  it("takes nothing under a number that is not its own, or that it has left [PRES-9] [PRES-13]", async () => {
    const { ports, server, client } = await connected();
    server.answer = obliging;
    const room = watchPresence(client.channel("chat"));
    await ports.advance(1);
    server.peer.send(present("ann", 1, "m", 5), census(0));
    await ports.advance(1);
    const said = told(room);
    expect(room.members.size).toBe(0);
    await room.close();
    server.peer.send(present("ann"));
    await ports.advance(1);
    expect(server.peer.of("unwatch")).toMatchObject([{ channel: "chat" }]);
    expect(said).toEqual(["ended "]);
  });

  it("is a loop that waits for changes, however many there were", async () => {
    const { ports, server, client } = await connected();
    server.answer = obliging;
    const room = watchPresence(client.channel("chat"));
    const sizes: number[] = [];
    const loop = (async () => {
      for await (const members of room) {
        sizes.push(members.size);
        if (members.size === 0) return;
      }
    })();
    await ports.advance(1);
    server.peer.send(present("ann"), census(1));
    await ports.advance(1);
    server.peer.send(present("bob"), present("tom"), present("eve"));
    await ports.advance(1);
    server.peer.send(absent("ann"), absent("bob"), absent("tom"), absent("eve"));
    await ports.advance(1);
    await loop;
    // What came together is seen together: a step for the first change of it, and one for all the rest.
    expect(sizes[0]).toBe(1);
    expect(sizes.at(-1)).toBe(0);
    expect(sizes.length).toBeLessThanOrEqual(5);
    await ports.advance(1);
    expect(server.peer.of("unwatch")).toHaveLength(1);
  });

  it("throws into its loop what ended it, and ends with its signal", async () => {
    const { ports, server, client } = await connected();
    const room = watchPresence(client.channel("chat"));
    const next = failureOf(room[Symbol.asyncIterator]().next());
    await ports.advance(1);
    server.peer.send(error(server.peer.last("watch").id, "forbidden"));
    await ports.advance(1);
    expect(await next).toMatchObject({ code: "forbidden" });
    const aborter = new AbortController();
    const signalled = watchPresence(client.channel("chat"), { signal: aborter.signal });
    const end = signalled[Symbol.asyncIterator]().next();
    aborter.abort();
    expect(await end).toEqual({ done: true, value: undefined });
    const early = watchPresence(client.channel("chat"), { signal: aborter.signal });
    expect(await early[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
  });

  it("goes to the connection that takes over before the other is left", async () => {
    const { ports, server, client } = await connected();
    server.answer = obliging;
    const room = watchPresence(client.channel("chat"));
    enterPresence(client.channel("chat"));
    await ports.advance(1);
    server.peer.send(present("ann"), census(1));
    await ports.advance(1);
    const said = told(room);
    const first = server.peer;
    first.send({ type: "move", deadlineMs: 30_000, delayMs: 0, endpoints: [], reason: "" });
    await ports.advance(100);
    expect(server.peer).not.toBe(first);
    server.peer.send(present("ann"), census(1));
    await ports.advance(1);
    expect(server.peer.of("enter")).toMatchObject([{ generation: 2 }]);
    expect(server.peer.of("watch")).toHaveLength(1);
    expect(first.of("leave")).toEqual([]);
    expect(said).toEqual([]);
  });
});
