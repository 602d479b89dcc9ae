import { describe, expect, it } from "vitest";
import { cluster, enter, presencePolicy, said, watcher } from "./support.ts";

const leave = (generation: number) => ({ type: "leave", channel: "chat", generation }) as const;

describe("what was said of a member, and the log has not brought back", () => {
  it("counts against a lower generation that comes behind it: nobody stays behind two connections [PRES-2]", async () => {
    const { ports, nodes } = await cluster(1);
    const [node] = nodes;
    const eye = await watcher(node!, "chat");
    const newer = await node!.client().connect("ann");
    const older = await node!.client().connect("ann");
    node!.view.stalls = true;
    newer.send(enter(1, "chat", "a", 2));
    await ports.settle();
    expect(said(await older.ask(enter(1, "chat", "a", 1)))).toEqual(["generation-stale"]);
    node!.view.release();
    await ports.advance(100);
    expect(said(await eye.frames())).toEqual(["+ann/a"]);
    for (const { transport } of [older, newer]) transport.handlers?.onClose(1006, "");
    await ports.advance(presencePolicy.graceMs + 200);
    expect(said(await eye.frames())).toEqual(["-ann/a"]);
  });

  it("counts when the record of its entering failed, since that may still come [PRES-2]", async () => {
    const { ports, nodes } = await cluster(1);
    const [node] = nodes;
    const newer = await node!.client().connect("ann");
    const older = await node!.client().connect("ann");
    await older.ask(enter(1, "room", "a", 1));
    node!.view.down = true;
    expect(said(await newer.ask(enter(1, "chat", "a", 2)))).toEqual(["log-unavailable"]);
    expect(said(await older.ask(enter(2, "chat", "a", 1)))).toEqual(["generation-stale"]);
    node!.view.down = false;
    newer.transport.handlers?.onClose(1006, "");
    await ports.advance(20_000);
    expect(await node!.node.members("chat")).toEqual([]);
  });

  it("counts when it is a departure: who left is not entered by an older connection [PRES-2] [PRES-6]", async () => {
    const { ports, nodes } = await cluster(1);
    const [node] = nodes;
    const eye = await watcher(node!, "chat");
    const newer = await node!.client().connect("ann");
    const older = await node!.client().connect("ann");
    node!.view.stalls = true;
    newer.send(enter(1, "chat", "a", 2));
    await ports.settle();
    newer.send(leave(2));
    expect(said(await older.ask(enter(1, "chat", "a", 1)))).toEqual(["generation-stale"]);
    expect(said(await newer.ask(enter(2, "chat", "a", 2)))).toEqual(["generation-stale"]);
    node!.view.release();
    await ports.advance(60_000);
    expect(said(await eye.frames())).toEqual(["-ann/a"]);
    await newer.frames();
    expect(await node!.node.members("chat")).toEqual([]);
    expect(await newer.ask(enter(3, "chat", "a", 3))).toMatchObject([{ type: "entered" }]);
  });
});

it("leaves no member behind a connection that ends at whatever step of its entering [PRES-4]", async () => {
  const { ports, nodes } = await cluster(1, { authorize: () => Promise.resolve(true) });
  const [node] = nodes;
  await watcher(node!, "chat");
  for (let steps = 0; steps < 40; steps += 1) {
    const client = await node!.client().connect(`user-${steps}`);
    client.send(enter(1, "chat", "m"));
    for (let step = 0; step < steps; step += 1) await Promise.resolve();
    client.transport.handlers?.onClose(1006, "");
    await ports.settle();
  }
  await ports.advance(presencePolicy.graceMs + 1_000);
  expect(await node!.node.members("chat")).toEqual([]);
});
