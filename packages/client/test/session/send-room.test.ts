import { describe, expect, it } from "vitest";
import type { ClientFrame } from "@hawser/protocol";
import type { ClientOptions } from "../../src/options.ts";
import { connected } from "../fixture.ts";
import type { Fixture } from "../fixture.ts";

/** A client whose transport holds so many bytes, until a test says otherwise. */
async function holding(
  bufferedBytes: number,
  options: Partial<ClientOptions> = {},
): Promise<Fixture<undefined> & { readonly hold: (bytes: number) => void }> {
  const made = await connected(options);
  const { transport } = made.server.peer;
  const hold = (bytes: number): void => void Object.assign(transport, { bufferedBytes: bytes });
  hold(bufferedBytes);
  return { ...made, hold };
}

const laneOf = (channel: string): { lane: string } => ({ lane: channel.slice(0, channel.indexOf(".")) });
const channelsOf = (frames: readonly ClientFrame[]): string[] =>
  frames.flatMap((frame) => (frame.type === "publish" ? [frame.channel] : []));

describe("a connection whose transport is full", () => {
  it("is handed nothing that can wait at `maxBufferedBytes`, and again below it", async () => {
    const { client, server, ports, hold } = await holding(1_000, { maxBufferedBytes: 1_000 });
    void client.channel("chat").publish("a");
    await ports.advance(100);
    expect(server.peer.of("publish")).toEqual([]);
    expect(client.status.outbox).toMatchObject({ queued: 1, sent: 0 });
    hold(999);
    await ports.advance(10);
    expect(server.peer.of("publish")).toHaveLength(1);
  });

  it("holds 64 KiB unless the application says otherwise", async () => {
    const { client, server, ports, hold } = await holding(65_536);
    void client.call("add", 1).catch(() => {});
    await ports.advance(100);
    expect(server.peer.of("call")).toEqual([]);
    hold(65_535);
    await ports.advance(10);
    expect(server.peer.of("call")).toHaveLength(1);
  });

  it("answers pings all the same", async () => {
    const { server, ports } = await holding(1_000_000);
    server.peer.send({ type: "ping", nonce: 7 });
    await ports.advance(1);
    expect(server.peer.of("pong")).toEqual([{ type: "pong", nonce: 7 }]);
  });

  it("is not looked at any more when nothing waits", async () => {
    const { client, ports, hold } = await holding(1_000_000);
    const before = ports.pending;
    const abort = new AbortController();
    void client.channel("chat").publish("a", { signal: abort.signal });
    await ports.advance(50);
    expect(ports.pending).toBe(before + 1);
    abort.abort();
    hold(0);
    await ports.advance(50);
    expect(ports.pending).toBe(before);
  });

  it("sends what is urgent ahead of what waited for longer, and each channel in its order", async () => {
    const { client, server, ports, hold } = await holding(1_000_000, { placement: laneOf });
    for (const name of ["bulk.a", "normal.a", "bulk.b", "interactive.a", "bulk.a", "interactive.a", "reports.a"]) {
      void client.channel(name).publish("x");
    }
    await ports.advance(50);
    hold(0);
    await ports.advance(10);
    const channels = channelsOf(server.peer.received);
    expect(channels.slice(0, 2)).toEqual(["interactive.a", "interactive.a"]);
    expect(channels.slice(2, 4).toSorted()).toEqual(["normal.a", "reports.a"]);
    expect(channels.slice(4).toSorted()).toEqual(["bulk.a", "bulk.a", "bulk.b"]);
    const ofOne = server.peer.of("publish").filter(({ channel }) => channel === "bulk.a");
    expect(ofOne.map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  it("puts no urgent publish behind megabytes of bulk", async () => {
    const { client, server, ports, hold } = await holding(0, { placement: laneOf });
    const { transport } = server.peer;
    const send = transport.send.bind(transport);
    Object.assign(transport, {
      send: (message: Uint8Array) => {
        hold(transport.bufferedBytes + message.length);
        send(message);
      },
    });
    for (let count = 0; count < 40; count++) void client.channel("bulk.a").publish(new Uint8Array(200_000));
    await ports.advance(50);
    expect(transport.bufferedBytes).toBeLessThan(65_536 + 201_000);
    void client.channel("interactive.a").publish("now");
    hold(0);
    await ports.advance(6);
    expect(channelsOf(server.peer.received).slice(0, 3)).toEqual(["bulk.a", "interactive.a", "bulk.a"]);
  });

  it("gives channels of one lane the same bytes, and not the same messages", async () => {
    const { client, server, ports } = await connected();
    for (let count = 0; count < 20; count++) {
      void client.channel("large").publish(new Uint8Array(20_000));
      for (let more = 0; more < 10; more++) void client.channel("small").publish(new Uint8Array(2_000));
    }
    await ports.advance(1);
    const bytes = { large: 0, small: 0 };
    for (const { channel, payload } of server.peer.of("publish").slice(0, 60)) {
      bytes[channel as keyof typeof bytes] += payload.data.length;
      expect(Math.abs(bytes.large - bytes.small)).toBeLessThan(2 * (16_384 + 20_000));
    }
  });

  it("writes once in a turn, whatever it has to say", async () => {
    const { client, server, ports } = await connected();
    client.channel("chat").subscribe();
    void client.channel("chat").publish("a");
    void client.channel("news").publish("b");
    void client.call("add", 1).catch(() => {});
    await ports.advance(1);
    expect(server.peer.messages.at(-1)).toBe(4);
  });
});
