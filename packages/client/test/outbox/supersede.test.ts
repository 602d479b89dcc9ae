import { defineContract } from "@hawser/protocol";
import type { StandardSchemaV1 } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { dataOf } from "../fake-server.ts";
import { connected, fixture } from "../fixture.ts";

type Result = Awaited<ReturnType<StandardSchemaV1["~standard"]["validate"]>>;

describe("a publish that supersedes", () => {
  it("ends older ones of its key that were not sent, and stands behind the others", async () => {
    const { client, server, ports } = fixture();
    const channel = client.channel("cursors");
    const old = channel.publish("ann 1", { key: "ann" });
    const bob = channel.publish("bob 1", { key: "bob" });
    channel.publish("ann 2", { key: "ann", supersede: true });
    expect([old.state, bob.state]).toEqual(["cancelled", "queued"]);
    await expect(old).rejects.toMatchObject({ code: "superseded" });
    await ports.advance(1);
    expect(server.peer.of("publish").map(dataOf)).toEqual(["bob 1", "ann 2"]);
  });

  it("leaves other keys, other channels, and what was sent as they are [PUB-12]", async () => {
    const { client, server, ports } = await connected({ outbox: { maxInFlight: 1 } });
    const sent = client.channel("cursors").publish("sent", { key: "ann" });
    await ports.advance(1);
    const others = [
      client.channel("cursors").publish(1, { key: "bob" }),
      client.channel("cursors").publish(2),
      client.channel("other").publish(3, { key: "ann" }),
    ];
    client.channel("cursors").publish(4, { key: "ann", supersede: true });
    expect([sent, ...others].map(({ state }) => state)).toEqual(["sent", "queued", "queued", "queued"]);
    server.peer.cut();
    await ports.advance(2_000);
    client.channel("cursors").publish(5, { key: "ann", supersede: true });
    expect(sent.state).toBe("sent");
  });

  it("takes the room of the one that it ends, also when the outbox is full", () => {
    const { client } = fixture({ outbox: { maxMessages: 2, maxBytes: 10 } });
    const channel = client.channel("cursors");
    channel.publish(new Uint8Array(5));
    const old = channel.publish(new Uint8Array(4), { key: "ann" });
    const larger = channel.publish(new Uint8Array(6), { key: "ann", supersede: true });
    // It has no room, even so: nothing was changed.
    expect([larger.state, old.state]).toEqual(["rejected", "queued"]);
    const fits = channel.publish(new Uint8Array(5), { key: "ann", supersede: true });
    expect([fits.state, old.state]).toEqual(["queued", "cancelled"]);
    expect(client.status.outbox).toMatchObject({ queued: 2, bytes: 10 });
  });

  it("takes the place in line of the one that it ends", () => {
    const { client } = fixture({ outbox: { maxMessages: 1, maxWaiting: 1, overflow: "wait" } });
    const channel = client.channel("cursors");
    channel.publish(1);
    const old = channel.publish(2, { key: "ann" });
    const newer = channel.publish(3, { key: "ann", supersede: true });
    expect([old.state, newer.state]).toEqual(["cancelled", "queued"]);
    expect(client.status.outbox).toMatchObject({ waiting: 1, queued: 1 });
  });

  it("ends nothing before its schema has taken it, and then nothing that is behind it", async () => {
    const answers: ((result: Result) => void)[] = [];
    const schema: StandardSchemaV1 = {
      "~standard": { version: 1, vendor: "test", validate: () => new Promise((resolve) => answers.push(resolve)) },
    };
    const { client, server, ports } = fixture({
      contract: defineContract({ channels: { held: { message: schema } } }),
    });
    const channel = client.channel("held");
    const publish = (text: string) => channel.publish(text, { key: "ann", supersede: true });
    const [first, bad, good, last] = ["first", "bad", "good", "last"].map(publish);
    answers[1]!({ issues: [{ message: "no" }] });
    await ports.advance(1);
    expect([first!.state, bad!.state]).toEqual(["queued", "rejected"]);
    answers[2]!({ value: "good" });
    await ports.advance(1);
    expect([first!.state, good!.state, last!.state]).toEqual(["cancelled", "sent", "queued"]);
    answers[3]!({ value: "last" });
    await ports.advance(1);
    expect(server.peer.of("publish").map(dataOf)).toEqual(["good", "last"]);
  });
});
