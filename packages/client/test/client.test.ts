import { describe, expect, it } from "vitest";
import { batch, dataOf, subscribed } from "./fake-server.ts";
import { connected } from "./fixture.ts";

describe("a client", () => {
  it("connects, subscribes, receives, publishes, and resumes after its connection was cut", async () => {
    const { client, server, ports } = await connected();
    expect(client.status).toMatchObject({ state: "connected", user: "ann" });
    server.answer = (frame, peer) => {
      if (frame.type === "subscribe") peer.send(subscribed(frame, { offset: frame.position?.offset ?? 5 }));
      if (frame.type === "publish") {
        peer.send({
          type: "published",
          id: frame.id,
          position: { epoch: 1, offset: 9 },
          duplicate: false,
          following: 0,
        });
      }
    };

    const seen: unknown[] = [];
    const subscription = client.channel("chat.general").subscribe();
    subscription.addEventListener("message", ({ message }) => seen.push(message.data));
    await ports.advance(1);
    server.peer.send(batch(5, 8));
    await ports.advance(1);
    expect(seen).toEqual([6, 7, 8]);
    expect(subscription.position).toEqual({ epoch: 1, offset: 8 });

    const publication = client.channel("chat.general").publish({ say: "hi" });
    await ports.advance(1);
    expect(publication.state).toBe("accepted");
    await expect(publication).resolves.toEqual({ position: { epoch: 1, offset: 9 }, duplicate: false });
    expect(dataOf(server.peer.last("publish"))).toEqual({ say: "hi" });

    server.peer.cut();
    await ports.advance(1);
    expect(client.status.state).toBe("waiting");
    await ports.advance(1_000);
    expect(client.status.state).toBe("connected");
    expect(server.peers).toHaveLength(2);
    expect(server.peer.last("subscribe").position).toEqual({ epoch: 1, offset: 8 });
    server.peer.send(batch(7, 10));
    await ports.advance(1);
    expect(seen).toEqual([6, 7, 8, 9, 10]);
    expect(client.statistics).toMatchObject({ connects: 2, resumes: 1, duplicatesDropped: 1 });
  });
});
