import { describe, expect, it } from "vitest";
import { cluster, enter, said, watch, watcher } from "./support.ts";

describe("presence on one node", () => {
  it("tells a watcher who is there, then who comes, changes and goes [PRES-3] [PRES-6] [PRES-9] [PRES-10] [PRES-11]", async () => {
    const { ports, nodes } = await cluster(1);
    const [node] = nodes;
    const ann = await node!.client().connect("ann");
    expect(await ann.ask(enter(1, "chat", "a"))).toEqual([{ type: "entered", id: 1, member: "a" }]);
    const eve = await node!.client().connect("eve");
    const [watched, ...rest] = await eve.ask(watch(1, "chat"));
    expect(watched).toEqual({ type: "watched", id: 1, number: 1 });
    expect(said(rest)).toEqual(["+ann/a", "=1"]);
    const bob = await node!.client().connect("bob");
    await bob.ask(enter(1, "chat", "b", 1, { typing: false }));
    await ports.advance(100);
    expect(said(await eve.frames())).toEqual(['+bob/b {"typing":false}']);
    await ports.advance(100);
    await bob.ask(enter(2, "chat", "b", 1, { typing: true }));
    expect(said(await eve.frames())).toEqual(['+bob/b {"typing":true}']);
    await ports.advance(100);
    bob.send({ type: "leave", channel: "chat", generation: 1 });
    expect(said(await eve.frames())).toEqual(["-bob/b"]);
  });

  it("keeps a member for the grace time when its connection ends, and shows nothing when it is back in time [PRES-4]", async () => {
    const { ports, nodes } = await cluster(1);
    const [node] = nodes;
    const eve = await watcher(node!, "chat");
    const first = await node!.client().connect("ann");
    await first.ask(enter(1, "chat", "a", 1));
    expect(said(await eve.frames())).toEqual(["+ann/a"]);
    first.transport.handlers?.onClose(1006, "");
    await ports.advance(9_000);
    const second = await node!.client().connect("ann");
    await second.ask(enter(1, "chat", "a", 2));
    await ports.advance(60_000);
    expect(said(await eve.frames())).toEqual([]);
    second.transport.handlers?.onClose(1006, "");
    await ports.advance(9_999);
    expect(said(await eve.frames())).toEqual([]);
    await ports.advance(200);
    expect(said(await eve.frames())).toEqual(["-ann/a"]);
  });
});

describe("presence over two nodes on one log", () => {
  it("shows no leave and no join when a client moves [PRES-2] [PRES-4]", async () => {
    const { ports, nodes } = await cluster(2);
    const [one, two] = nodes;
    const eyes = [await watcher(one!, "chat"), await watcher(two!, "chat")];
    const first = await one!.client().connect("ann");
    await first.ask(enter(1, "chat", "a", 1, "x"));
    for (const eye of eyes) expect(said(await eye.frames())).toEqual(['+ann/a "x"']);
    const second = await two!.client().connect("ann");
    await second.ask(enter(1, "chat", "a", 2, "x"));
    first.transport.handlers?.onClose(1000, "");
    await ports.advance(120_000);
    for (const eye of eyes) expect(said(await eye.frames())).toEqual([]);
    await second.ask({ type: "leave", channel: "chat", generation: 2 });
    for (const eye of eyes) expect(said(await eye.frames())).toEqual(["-ann/a"]);
  });

  it("ends the members of a node that dies, when its lease is over [PRES-5]", async () => {
    const { ports, nodes } = await cluster(2);
    const [one, two] = nodes;
    const eye = await watcher(two!, "chat");
    const ann = await one!.client().connect("ann");
    await ann.ask(enter(1, "chat", "a"));
    const bob = await one!.client().connect("bob");
    await bob.ask(enter(1, "chat", "b"));
    await ports.advance(60_000);
    expect(said(await eye.frames())).toEqual(["+ann/a", "+bob/b"]);
    one!.view.down = true;
    const back = await two!.client().connect("bob");
    await back.ask(enter(1, "chat", "b", 2));
    await ports.advance(25_000);
    expect(said(await eye.frames())).toEqual([]);
    await ports.advance(20_000);
    expect(said(await eye.frames())).toEqual(["-ann/a"]);
  });

  it("has the members back of a node that was only cut off [PRES-5]", async () => {
    const { ports, nodes } = await cluster(2);
    const [one, two] = nodes;
    const eye = await watcher(two!, "chat");
    const ann = await one!.client().connect("ann");
    await ann.ask(enter(1, "chat", "a"));
    one!.view.down = true;
    await ports.advance(60_000);
    expect(said(await eye.frames())).toEqual(["+ann/a", "-ann/a"]);
    one!.view.down = false;
    await ports.advance(90_000);
    expect(said(await eye.frames())).toEqual(["+ann/a"]);
  });

  it("takes nobody for dead while the log is away for all [PRES-5]", async () => {
    const { ports, nodes } = await cluster(2);
    const [one, two] = nodes;
    const eyes = [await watcher(one!, "chat"), await watcher(two!, "chat")];
    await (await one!.client().connect("ann")).ask(enter(1, "chat", "a"));
    for (const eye of eyes) await eye.frames();
    for (const { view } of nodes) view.down = true;
    await ports.advance(600_000);
    for (const { view } of nodes) view.down = false;
    await ports.advance(120_000);
    for (const eye of eyes) expect(said(await eye.frames())).toEqual([]);
  });

  it("takes nobody for dead when a log that stalled takes what waited, one node after the other [PRES-5]", async () => {
    const { ports, nodes } = await cluster(2);
    const [one, two] = nodes;
    const eyes = [await watcher(one!, "chat"), await watcher(two!, "chat")];
    await (await one!.client().connect("ann")).ask(enter(1, "chat", "a"));
    await ports.advance(1_000);
    for (const eye of eyes) await eye.frames();
    for (const { view } of nodes) view.stalls = true;
    await ports.advance(600_000);
    two!.view.release();
    await ports.advance(20_000);
    one!.view.release();
    await ports.advance(120_000);
    for (const eye of eyes) expect(said(await eye.frames())).toEqual([]);
  });

  it("gives a node that closes the grace time, in one record for all its members [PRES-4]", async () => {
    const { ports, log, nodes } = await cluster(2);
    const [one, two] = nodes;
    const eye = await watcher(two!, "chat");
    const clients = [];
    for (const name of ["ann", "bob", "eve"]) {
      const client = await one!.client().connect(name);
      await client.ask(enter(1, "chat", name));
      clients.push(client);
    }
    await ports.advance(100);
    expect(said(await eye.frames())).toHaveLength(3);
    const before = (await log.head("$presence.chat")).end;
    await one!.node.close();
    const back = await two!.client().connect("ann");
    await back.ask(enter(1, "chat", "ann", 2));
    expect((await log.head("$presence.chat")).end - before).toBe(1);
    await ports.advance(9_999);
    expect(said(await eye.frames())).toEqual([]);
    await ports.advance(2_000);
    expect(said(await eye.frames())).toEqual(["-bob/bob", "-eve/eve"]);
  });

  it("tells a node that has just begun who is there, also long after they came [PRES-10]", async () => {
    const { ports, nodes, add } = await cluster(1);
    const ann = await nodes[0]!.client().connect("ann");
    await ann.ask(enter(1, "chat", "a", 1, 7));
    await ports.advance(3_600_000);
    const late = await add();
    const eve = await late.client().connect("eve");
    expect(said(await eve.ask(watch(1, "chat")))).toEqual(["+ann/a 7", "=1"]);
    expect(await late.node.members("chat")).toMatchObject([{ user: "ann", member: "a", state: "7" }]);
  });
});
