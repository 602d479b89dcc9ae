import { describe, expect, it } from "vitest";
import { cluster, enter, said, watch } from "./support.ts";

describe("a channel with 10,000 members on two nodes", () => {
  it("costs the log a beat a node while nothing changes, and now and then a checkpoint", async () => {
    const { ports, log, nodes } = await cluster(2, {
      policy: { presence: { graceMs: 10_000, maxMembers: 10_000, maxMembersPerUser: 100, maxStateBytes: 64 } },
    });
    for (let index = 0; index < 10_000; index += 1) {
      const client = nodes[index % 2]!.client();
      // What comes behind `connect` is handled once it is answered (CON-4).
      client.send({ type: "connect", token: `user-${index}`, session: "", agent: "" });
      client.send(enter(1, "stadium", "0".repeat(24), 1, { seat: index }));
    }
    await ports.settle();
    const eve = await nodes[0]!.client().connect("eve");
    const lines = said(await eve.ask(watch(1, "stadium")));
    expect(lines).toHaveLength(10_001);
    expect(lines.at(-1)).toBe("=10000");
    // One more is one too many.
    expect(said(await eve.ask(enter(2, "stadium", "e")))).toEqual(["presence-full"]);
    const [roster, control] = [(await log.head("$presence")).end, (await log.head("$presence.stadium")).end];
    await ports.advance(60_000);
    const beats = (await log.read("$presence", roster, { maxCount: 1_000, maxBytes: 1e9 })).entries;
    const said60 = (await log.read("$presence.stadium", control, { maxCount: 1_000, maxBytes: 1e9 })).entries;
    const bytesOf = (entries: typeof beats): number =>
      entries.reduce((sum, { payload }) => sum + payload!.data.byteLength, 0);
    // Eight beats a minute and node.
    expect(beats).toHaveLength(16);
    expect(bytesOf(beats)).toBeLessThan(16 * 100);
    // A checkpoint of each, in records of 64 KiB.
    expect(said60.length).toBeLessThanOrEqual(20);
    expect(bytesOf(said60)).toBeLessThan(900_000);
    expect(said(await eve.frames())).toEqual([]);
    // A node that ends takes its half along, in one record.
    const before = (await log.head("$presence")).end;
    nodes[1]!.view.down = true;
    await ports.advance(60_000);
    const ends = (await log.read("$presence", before, { maxCount: 1_000, maxBytes: 1e9 })).entries;
    expect(
      ends.map(({ payload }) => new TextDecoder().decode(payload!.data)).filter((text) => text.includes('"ended"')),
    ).toHaveLength(1);
    expect(said(await eve.frames()).filter((line) => line.startsWith("-"))).toHaveLength(5_000);
  }, 60_000);
});
