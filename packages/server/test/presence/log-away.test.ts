import { describe, expect, it } from "vitest";
import { cluster, enter, said, watcher } from "./support.ts";

describe("presence while a node cannot write", () => {
  it("refuses who enters, and takes them when they ask again", async () => {
    const { ports, nodes } = await cluster(2);
    const [one, two] = nodes;
    const eye = await watcher(two!, "chat");
    const ann = await one!.client().connect("ann");
    await ann.ask(enter(1, "chat", "a"));
    const bob = await one!.client().connect("bob");
    one!.view.down = true;
    expect(await bob.ask(enter(1, "chat", "b"))).toMatchObject([
      { type: "error", code: "log-unavailable", retry: true },
    ]);
    one!.view.down = false;
    expect(await bob.ask(enter(2, "chat", "b"))).toMatchObject([{ type: "entered" }]);
    await ports.advance(100);
    expect(said(await eye.frames())).toEqual(["+ann/a", "+bob/b"]);
  });

  it("says who left until the log has it", async () => {
    const { ports, nodes } = await cluster(2);
    const [one, two] = nodes;
    const eye = await watcher(two!, "chat");
    const ann = await one!.client().connect("ann");
    const bob = await one!.client().connect("bob");
    await ann.ask(enter(1, "chat", "a"));
    await bob.ask(enter(1, "chat", "b"));
    await ports.advance(100);
    await eye.frames();
    one!.view.down = true;
    ann.send({ type: "leave", channel: "chat", generation: 1 });
    bob.send({ type: "leave", channel: "chat", generation: 1 });
    await ports.advance(5_000);
    expect(said(await eye.frames())).toEqual([]);
    // Who is back meanwhile is not said to have left.
    bob.send(enter(2, "chat", "b", 2));
    await ports.settle();
    one!.view.down = false;
    bob.send(enter(3, "chat", "b", 2));
    await ports.advance(5_000);
    expect(said(await eye.frames())).toEqual(["-ann/a"]);
  });

  it("writes anew whom it keeps though the record of their entering failed", async () => {
    const { ports, nodes } = await cluster(2);
    const [one, two] = nodes;
    const eye = await watcher(two!, "chat");
    const ann = await one!.client().connect("ann");
    await ann.ask(enter(1, "chat", "a"));
    await ports.advance(100);
    await eye.frames();
    one!.view.down = true;
    await ann.ask(enter(2, "chat", "a", 1, "newer"));
    one!.view.down = false;
    await ports.advance(7_000);
    expect(said(await eye.frames())).toEqual(['+ann/a "newer"']);
  });
});
