import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ConnectionSet } from "../../src/connection-set/connection-set.ts";
import type { ConnectionSetOptions } from "../../src/connection-set/options.ts";
import type { MemberOptions } from "../../src/connection-set/member.ts";
import { SimulatedPorts } from "../simulated-ports.ts";
import { fakePlatform } from "../reconnecting-websocket/fake-platform.ts";
import type { FakeSocket } from "../reconnecting-websocket/fake-platform.ts";

/** A set whose members, named by one letter each, lead to `ws://<letter>/`. */
function fixture(options: ConnectionSetOptions & { readonly names?: string } = {}) {
  const { names = "ab", ...rest } = options;
  const ports = new SimulatedPorts();
  const platform = fakePlatform();
  const pageLife = { listen: () => () => {} };
  const members = Object.fromEntries(
    [...names].map((name): [string, MemberOptions] => [name, { url: `ws://${name}/` }]),
  );
  const set = new ConnectionSet({
    members,
    ...rest,
    defaults: { WebSocket: platform.WebSocket, ports, pageLife, ...options.defaults },
  });
  const log: string[] = [];
  set.addEventListener("message", ({ member, data }) => log.push(`${member}: ${data as string}`));
  set.addEventListener("open", ({ member }) => log.push(`open ${member}`));
  set.addEventListener("lost", ({ member }) => log.push(`lost ${member}`));
  set.addEventListener("closed", ({ member, code }) => log.push(`closed ${member} ${code}`));
  set.addEventListener("switch", ({ from, to }) => log.push(`switch ${from ?? "-"} ${to}`));
  onTestFinished(async () => {
    const closing = set.close();
    await ports.advance(60_000);
    await closing;
    expect(ports.pending).toBe(0);
  });
  /** The newest socket of a member. */
  const socket = (name: string): FakeSocket => {
    const found = platform.sockets.findLast(({ url }) => url === `ws://${name}/`);
    if (found === undefined) throw new Error(`The member ${name} was never opened`);
    return found;
  };
  const status = (name: string) => set.status.members.find(({ id }) => id === name)!;
  const opened = (): string[] => platform.sockets.map(({ url }) => url.slice(5, -1));
  return { ports, platform, set, log, socket, status, opened };
}

describe("a set under the policy `all`", () => {
  it("sends to every member, and takes what any of them sends", () => {
    const { set, socket, log } = fixture();
    for (const name of "ab") socket(name).open(`${name}.v1`);
    expect(set.send("hi")).toEqual([
      { member: "a", state: "sent", error: undefined },
      { member: "b", state: "sent", error: undefined },
    ]);
    socket("b").message("one");
    socket("a").message("two");
    expect([socket("a").sent, socket("b").sent]).toEqual([["hi"], ["hi"]]);
    expect(log).toEqual(["open a", "open b", "b: one", "a: two"]);
    expect(set.status).toMatchObject({
      state: "open",
      members: [
        { id: "a", state: "open", protocol: "a.v1", messagesIn: 1, messagesOut: 1, bytesIn: 3, bytesOut: 2 },
        { id: "b", state: "open", protocol: "b.v1", messagesIn: 1, messagesOut: 1, bytesIn: 3, bytesOut: 2 },
      ],
    });
  });

  it("goes on with the others when one is lost, and counts that", async () => {
    const { set, socket, status, log, ports } = fixture();
    for (const name of "ab") socket(name).open();
    socket("a").end();
    expect(set.send("hi").map(({ state }) => state)).toEqual(["queued", "sent"]);
    expect(set.status.state).toBe("open");
    await ports.advance(500);
    socket("a").open();
    expect(socket("a").sent).toEqual(["hi"]);
    expect(status("a")).toMatchObject({ reconnects: 1, lastError: { code: "connection-lost" } });
    expect(status("b")).toMatchObject({ reconnects: 0, lastError: undefined });
    expect(log).toEqual(["open a", "open b", "lost a", "open a"]);
  });

  it("tells who refused, and throws only when all did", () => {
    const { set, socket } = fixture({ defaults: { queue: { maxMessages: 1 } } });
    socket("b").open();
    set.send("1");
    expect(set.send("2")).toMatchObject([
      { member: "a", state: "refused", error: { code: "outbox-full" } },
      { member: "b", state: "sent" },
    ]);
    expect(() => set.send("3", { to: "a" })).toThrow(expect.objectContaining({ code: "outbox-full" }));
    set.send("4", { to: ["b"] });
    expect(socket("b").sent).toEqual(["1", "2", "4"]);
    expect(() => set.send("5", { to: "nobody" })).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });

  it("opens members one by one when told to, and queues for whichever comes first", () => {
    const { set, socket, opened, status } = fixture({ autoOpen: false });
    expect([opened(), set.status.state, status("a").state]).toEqual([[], "idle", "idle"]);
    expect(set.send("early")).toEqual([{ member: undefined, state: "queued", error: undefined }]);
    set.open("b");
    expect([opened(), set.status.state]).toEqual([["b"], "connecting"]);
    socket("b").open();
    expect(socket("b").sent).toEqual(["early"]);
    set.open();
    expect(opened()).toEqual(["b", "a"]);
    expect(() => set.open("nobody")).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });
});

describe("a set under `mirror`", () => {
  const key = (data: unknown): string | undefined => /^\d+/.exec(data as string)?.[0];

  it("takes the first copy of each message, and reports who won", () => {
    const { socket, status, log } = fixture({ policy: { kind: "mirror", key } });
    for (const name of "ab") socket(name).open();
    socket("a").message("1");
    socket("b").message("1");
    socket("b").message("2");
    socket("b").message("3");
    socket("a").message("2");
    socket("a").message("no key");
    socket("b").message("no key");
    expect(log.slice(2)).toEqual(["a: 1", "b: 2", "b: 3", "a: no key", "b: no key"]);
    expect(status("a")).toMatchObject({ won: 1, duplicates: 1, messagesIn: 3 });
    expect(status("b")).toMatchObject({ won: 2, duplicates: 1, messagesIn: 4 });
  });

  it("loses and doubles nothing when one member misses what the other brings", async () => {
    const { socket, log, ports } = fixture({ policy: { kind: "mirror", key } });
    for (const name of "ab") socket(name).open();
    for (let number = 0; number < 30; number += 1) {
      if (number === 10) socket("a").end();
      if (number === 20) {
        await ports.advance(500);
        socket("a").open();
      }
      for (const name of number % 2 === 0 ? "ab" : "ba") socket(name).message(String(number));
    }
    const received = log.filter((line) => /^[ab]: /.test(line)).map((line) => Number(line.slice(3)));
    expect(received).toEqual(Array.from({ length: 30 }, (_, number) => number));
  });

  it("takes the message when the key function throws", () => {
    const { ports, socket, log } = fixture({
      policy: {
        kind: "mirror",
        key: () => {
          throw new Error("no key");
        },
      },
    });
    socket("a").open();
    const reports: (() => void)[] = [];
    const soon = vi.spyOn(ports.timers, "soon").mockImplementation((report) => void reports.push(report));
    socket("a").message("x");
    soon.mockRestore();
    expect(log).toEqual(["open a", "a: x"]);
    expect(reports.length).toBe(1);
    expect(reports[0]).toThrow("no key");
  });
});

describe("a set under `split`", () => {
  it("sends to the open members in turn", () => {
    const { set, socket } = fixture({ policy: "split", names: "abc" });
    set.send("0");
    expect(set.status.queuedMessages).toBe(1);
    socket("a").open();
    socket("b").open();
    for (const text of ["1", "2", "3", "4"]) set.send(text);
    expect([...(socket("a").sent as string[]), ...(socket("b").sent as string[])].toSorted()).toEqual([
      "0",
      "1",
      "2",
      "3",
      "4",
    ]);
    expect(Math.abs(socket("a").sent.length - socket("b").sent.length)).toBe(1);
    socket("b").message("answer");
    expect(set.status.members[1]!.messagesIn).toBe(1);
  });

  it("sends where the function says, and waits for that member when it is away", async () => {
    const by = (data: unknown): string => (data as string).charAt(0);
    const { set, socket, ports } = fixture({ policy: { kind: "split", by } });
    for (const name of "ab") socket(name).open();
    socket("b").end();
    set.send("b1");
    set.send("a1");
    expect(() => set.send("x")).toThrow(expect.objectContaining({ code: "option-invalid" }));
    await ports.advance(500);
    socket("b").open();
    expect([socket("a").sent, socket("b").sent]).toEqual([["a1"], ["b1"]]);
  });
});

describe("a set under `failover`", () => {
  it("uses the first member alone, and the next one when it is lost", async () => {
    const { set, socket, log, opened } = fixture({ policy: "failover", names: "abc" });
    expect(opened()).toEqual(["a"]);
    set.send("early");
    socket("a").open();
    expect(socket("a").sent).toEqual(["early"]);
    socket("a").end();
    expect([opened(), set.status.active, set.status.state]).toEqual([["a", "b"], "b", "connecting"]);
    set.send("meanwhile");
    socket("b").open();
    expect(socket("b").sent).toEqual(["meanwhile"]);
    expect(log).toEqual(["switch - a", "open a", "lost a", "switch a b", "open b"]);
  });

  it("keeps what is sent to a member that is just closing for the next one", () => {
    const { set, socket } = fixture({ policy: "failover" });
    socket("a").open();
    socket("a").readyState = 2;
    expect(set.send("late")).toMatchObject([{ member: undefined, state: "queued" }]);
    socket("a").end(1001);
    socket("b").open();
    expect(socket("b").sent).toEqual(["late"]);
  });

  it("goes through all members when none opens, and takes the first that does", async () => {
    const { set, socket, opened, ports } = fixture({ policy: "failover", names: "abc" });
    for (const name of "abc") socket(name).end();
    expect(opened()).toEqual(["a", "b", "c"]);
    await ports.advance(500);
    expect(opened().length).toBeGreaterThan(3);
    socket("b").open();
    expect(set.status).toMatchObject({ active: "b", state: "open" });
    expect(set.status.members[2]!.state).toBe("idle");
  });

  it("goes back when an earlier member has stood long enough, and leaves the later one", async () => {
    const { set, socket, log, ports, status } = fixture({ policy: { kind: "failover", switchBackAfterMs: 2_000 } });
    socket("a").open();
    socket("a").end();
    socket("b").open();
    await ports.advance(500);
    socket("a").open();
    socket("a").message("passed over");
    await ports.advance(1_999);
    expect(set.status.active).toBe("b");
    socket("a").end();
    await ports.advance(1_000);
    socket("a").open();
    await ports.advance(1_999);
    expect(set.status.active).toBe("b");
    await ports.advance(1);
    expect(set.status.active).toBe("a");
    expect(status("b").state).toBe("idle");
    expect(socket("b").closes).toEqual([[1000, ""]]);
    socket("a").message("taken");
    expect(log.filter((line) => line.startsWith("switch") || line.includes(":"))).toEqual([
      "switch - a",
      "switch a b",
      "switch b a",
      "a: taken",
    ]);
  });

  it("goes back by way of a middle member that has stood before the first one has", async () => {
    const policy = { kind: "failover", switchBackAfterMs: 2_000 } as const;
    const { set, socket, ports } = fixture({ policy, names: "abc" });
    for (const name of "ab") socket(name).end();
    socket("c").open();
    await ports.advance(1_000);
    socket("b").open();
    await ports.advance(1_000);
    socket("a").open();
    await ports.advance(1_000);
    expect(set.status.active).toBe("b");
    await ports.advance(999);
    expect(set.status.active).toBe("b");
    await ports.advance(1);
    expect(set.status.active).toBe("a");
  });

  it("goes back to one earlier member when another, which was due before it, is lost again", async () => {
    const policy = { kind: "failover", switchBackAfterMs: 2_000 } as const;
    const { set, socket, ports } = fixture({ policy, names: "abc" });
    for (const name of "ab") socket(name).end();
    socket("c").open();
    await ports.advance(1_000);
    socket("b").open();
    await ports.advance(1_000);
    socket("a").open();
    socket("b").end();
    await ports.advance(1_999);
    expect(set.status.active).toBe("c");
    await ports.advance(1);
    expect(set.status.active).toBe("a");
  });

  it("does not hear the connection that a member was leaving when it is used again", async () => {
    const { socket, log, ports } = fixture({ policy: { kind: "failover", switchBackAfterMs: 100 } });
    socket("a").end();
    const leaving = socket("b");
    leaving.open();
    await ports.advance(500);
    socket("a").open();
    await ports.advance(100);
    socket("a").end();
    expect(socket("b")).not.toBe(leaving);
    socket("b").open();
    leaving.message("old");
    socket("b").message("new");
    leaving.end(1000);
    expect(log.filter((line) => line.includes(":"))).toEqual(["b: new"]);
    expect(log.filter((line) => line.startsWith("closed"))).toEqual([]);
  });

  it("leaves no timer behind when it is closed before it went back", async () => {
    const { set, socket, ports } = fixture({ policy: { kind: "failover", switchBackAfterMs: 600_000 } });
    socket("a").end();
    socket("b").open();
    await ports.advance(500);
    socket("a").open();
    const closing = set.close();
    for (const name of "ab") socket(name).end(1000);
    await closing;
    expect(ports.pending).toBe(0);
  });

  it("waits at its close for connections that were being left", async () => {
    const policy = { kind: "failover", switchBackAfterMs: 100 } as const;
    const { set, socket, ports } = fixture({ policy, defaults: { closeTimeoutMs: 1_000 } });
    socket("a").end();
    socket("b").open();
    await ports.advance(500);
    socket("a").open();
    await ports.advance(100);
    let closed = false;
    const closing = set.close().then(() => (closed = true));
    socket("a").end(1000);
    await ports.advance(500);
    expect(closed).toBe(false);
    socket("b").end(1000);
    await closing;
  });

  it("stays where it is when it was told never to go back", async () => {
    const { set, socket, ports, opened } = fixture({ policy: { kind: "failover", switchBackAfterMs: "never" } });
    socket("a").open();
    socket("a").end();
    socket("b").open();
    await ports.advance(120_000);
    expect([opened(), set.status.active]).toEqual([["a", "b"], "b"]);
    socket("b").end();
    expect(opened()).toEqual(["a", "b", "a"]);
  });

  it("keeps connections in reserve with `warm`, and passes over what they send", () => {
    const { set, socket, log, opened } = fixture({ policy: { kind: "failover", standby: "warm" } });
    expect(opened()).toEqual(["a", "b"]);
    socket("b").open();
    expect(set.status.active).toBe("b");
    socket("b").message("1");
    socket("a").open();
    socket("a").message("1");
    socket("b").end();
    expect(set.status).toMatchObject({ active: "a", state: "open" });
    socket("a").message("2");
    expect(log.filter((line) => line.includes(":"))).toEqual(["b: 1", "a: 2"]);
  });

  it("does not try again a member that was told for good to stay away", async () => {
    const isFinal = ({ code }: { readonly code: number }): boolean => code === 4003;
    const { set, socket, log, opened, ports } = fixture({ policy: "failover", defaults: { isFinal } });
    for (const name of "ab") {
      socket(name).open();
      socket(name).end(4003);
    }
    await ports.advance(120_000);
    expect(opened()).toEqual(["a", "b"]);
    expect(log.filter((line) => line.startsWith("closed"))).toEqual(["closed a 4003", "closed b 4003"]);
    expect(set.status.state).toBe("idle");
    set.open();
    expect(opened().length).toBe(3);
  });

  it("uses another member when the one in use is removed", async () => {
    const { set, socket, ports } = fixture({ policy: "failover" });
    socket("a").open();
    const removed = set.remove("a");
    socket("a").end(1000);
    expect(await removed).toEqual({ member: "a", code: 1000, reason: "", wasClean: true });
    expect(set.status).toMatchObject({ active: "b", members: [{ id: "b" }] });
    await ports.advance(0);
  });
});

describe("the members of a set", () => {
  it("are added and removed at run time", async () => {
    const { set, socket, opened, log, ports } = fixture();
    set.add("c", { url: "ws://c/", closing: { code: 4001, reason: "moved" } });
    expect(opened()).toEqual(["a", "b", "c"]);
    socket("c").open();
    const removed = set.remove("c");
    expect(socket("c").closes).toEqual([[4001, "moved"]]);
    expect(set.status.members.map(({ id }) => id)).toEqual(["a", "b"]);
    socket("c").end(4001, "moved");
    expect(await removed).toEqual({ member: "c", code: 4001, reason: "moved", wasClean: true });
    expect(log).toEqual(["open c", "closed c 4001"]);
    expect(await set.remove("c")).toBeUndefined();
    expect(() => set.add("a", { url: "ws://a/" })).toThrow(expect.objectContaining({ code: "option-invalid" }));
    await ports.advance(0);
  });

  it("are at most as many as the bound says", () => {
    const { set, opened } = fixture({ maxMembers: 2 });
    expect(() => set.add("c", { url: "ws://c/" })).toThrow(expect.objectContaining({ code: "too-many-connections" }));
    expect(opened()).toEqual(["a", "b"]);
    const thirty = "abcdefghijklmnopqrstuvwxyzABCD";
    expect(fixture({ names: thirty }).opened().length).toBe(30);
    expect(() => fixture({ names: `${thirty}E` })).toThrow(expect.objectContaining({ code: "too-many-connections" }));
  });

  it("are all checked before the first is opened", () => {
    const platform = fakePlatform();
    const ports = new SimulatedPorts();
    for (const bad of [
      { url: "no url" },
      { url: "ws://b/", protocols: ["a", "a"] },
      { url: "ws://b/", closing: { code: 1 } },
    ]) {
      expect(
        () =>
          new ConnectionSet({
            members: { good: { url: "ws://a/" }, bad },
            defaults: { WebSocket: platform.WebSocket, ports },
          }),
      ).toThrow(DOMException);
    }
    expect([platform.sockets, ports.pending]).toEqual([[], 0]);
  });

  it("keep their figures over closing and opening again", async () => {
    const { socket, status, ports } = fixture({ policy: { kind: "failover", switchBackAfterMs: "never" } });
    socket("a").open();
    socket("a").message("12345");
    socket("a").end();
    socket("b").open();
    expect(status("a")).toMatchObject({ state: "idle", messagesIn: 1, bytesIn: 5, reconnects: 0 });
    socket("b").end();
    socket("a").open();
    socket("a").message("67");
    expect(status("a")).toMatchObject({ messagesIn: 2, bytesIn: 7, reconnects: 1, active: true });
    socket("a").end();
    socket("b").open();
    expect(status("a")).toMatchObject({ state: "idle", messagesIn: 2, bytesIn: 7, reconnects: 1 });
    await ports.advance(0);
  });
});

describe("closing a set", () => {
  it("closes each with its code, waits for each in bounded time, and reports each", async () => {
    const { set, ports, socket, log } = fixture({
      names: "abc",
      policy: "all",
      defaults: { closeTimeoutMs: 1_000 },
    });
    set.add("d", { url: "ws://d/", closing: { code: 4004, reason: "over" } });
    for (const name of "abd") socket(name).open();
    socket("c").end();
    const closing = set.close();
    expect(set.status.state).toBe("closing");
    socket("d").end(4004, "over");
    socket("a").end(1000);
    // `b` does not answer.
    await ports.advance(1_000);
    expect(await closing).toEqual([
      { member: "a", code: 1000, reason: "", wasClean: true },
      { member: "b", code: 1006, reason: "", wasClean: false },
      { member: "c", code: 1006, reason: "", wasClean: false },
      { member: "d", code: 4004, reason: "over", wasClean: true },
    ]);
    expect(set.status.state).toBe("closed");
    expect(log.filter((line) => line.startsWith("closed")).toSorted()).toEqual([
      "closed a 1000",
      "closed b 1006",
      "closed c 1006",
      "closed d 4004",
    ]);
    expect(await set.close()).toHaveLength(4);
    for (const call of [() => set.send("x"), () => set.open(), () => set.add("e", { url: "ws://e/" })])
      expect(call).toThrow(expect.objectContaining({ code: "closed" }));
  });

  it("reports a member that was not open, and counts what waited", async () => {
    const { set } = fixture({ autoOpen: false });
    set.send("waits");
    expect(await set.close()).toEqual([
      { member: "a", code: undefined, reason: "", wasClean: true },
      { member: "b", code: undefined, reason: "", wasClean: true },
    ]);
    expect(set.status.dropped).toBe(1);
  });
});

describe("reading a set", () => {
  it("gives every reader everything, and ends with the set", async () => {
    const { set, socket, ports } = fixture();
    socket("a").open();
    const [one, two] = [set[Symbol.asyncIterator](), set[Symbol.asyncIterator]()];
    const waiting = one.next();
    socket("a").message("x");
    socket("a").message("y");
    expect(await waiting).toEqual({ done: false, value: { member: "a", data: "x" } });
    const closing = set.close();
    socket("a").message("z");
    await ports.advance(60_000);
    await closing;
    const rest = async (reader: AsyncIterable<{ readonly data: unknown }>): Promise<unknown[]> => {
      const all: unknown[] = [];
      for await (const { data } of reader) all.push(data);
      return all;
    };
    expect(await rest(one)).toEqual(["y", "z"]);
    expect(await rest(two)).toEqual(["x", "y", "z"]);
    expect(await rest(set)).toEqual([]);
  });

  it("tells a reader that is too far behind, after what it has", async () => {
    const { set, socket } = fixture({ maxUnread: 2 });
    socket("a").open();
    const reader = set[Symbol.asyncIterator]();
    for (const text of ["1", "2", "3"]) socket("a").message(text);
    expect(await reader.next()).toMatchObject({ value: { data: "1" } });
    expect(await reader.next()).toMatchObject({ value: { data: "2" } });
    await expect(reader.next()).rejects.toMatchObject({ code: "overloaded" });
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  it("stops when the loop is left", async () => {
    const { set, socket } = fixture();
    socket("a").open();
    const reader = set[Symbol.asyncIterator]();
    socket("a").message("1");
    for await (const { data } of reader) {
      expect(data).toBe("1");
      break;
    }
    socket("a").message("2");
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });
});

describe("options of a set", () => {
  it.each<[ConnectionSetOptions, string]>([
    [{ maxMembers: 0 }, "maxMembers"],
    [{ maxUnread: 0 }, "maxUnread"],
    [{ queue: { maxMessages: 0 } }, "queue.maxMessages"],
    [{ policy: { kind: "failover", switchBackAfterMs: 0 } }, "policy.switchBackAfterMs"],
    [{ policy: { kind: "mirror" } as never }, "policy.key"],
    [{ policy: { kind: "mirror", key: () => 1, windowMs: 0 } }, "policy.windowMs"],
    [{ policy: { kind: "mirror", key: () => 1, windowMessages: -1 } }, "policy.windowMessages"],
    [{ policy: "loudest" as never }, "policy"],
  ])("that cannot be are refused by name: %j", (options, name) => {
    expect(() => new ConnectionSet(options)).toThrow(
      expect.objectContaining({ code: "option-invalid", message: expect.stringContaining(`\`${name}\``) as string }),
    );
  });
});
