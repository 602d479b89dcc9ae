import { openSocket } from "@hawser/client";
import { describe, expect, it, onTestFinished } from "vitest";
import { connect } from "../support/clients.ts";
import { homeNode } from "./scene.ts";
import { StandardUpstream } from "./standard-upstream.ts";

const windowBytes = 65_536;
const messageBytes = 10_000;

describe("an upstream that takes nothing", () => {
  it("stalls no other, and the gateway keeps no more of its socket than the window", async () => {
    const upstream = await StandardUpstream.start();
    onTestFinished(() => upstream.close());
    const upstreams = { deaf: `${upstream.url}/deaf`, echo: `${upstream.url}/echo` };
    const { server, home } = await homeNode(upstreams, onTestFinished, { socketWindowBytes: windowBytes });
    const client = connect(server.url, "ann");
    onTestFinished(() => client.close());
    const [deaf, echo] = [openSocket(client, "deaf"), openSocket(client, "echo")];
    await Promise.all([deaf, echo].map((socket) => new Promise((resolve) => (socket.onopen = resolve))));
    // More than the sockets of the system take: what is behind stays with the client.
    const sent = 24_000_000;
    for (let bytes = 0; bytes < sent; bytes += messageBytes) deaf.send(new Uint8Array(messageBytes));
    const heard: unknown[] = [];
    let mostKept = 0;
    await new Promise<void>((resolve) => {
      echo.onmessage = ({ data }) => {
        mostKept = Math.max(mostKept, home.keptBytes);
        heard.push(data);
        if (heard.length === 500) resolve();
        else echo.send(String(heard.length));
      };
      echo.send("0");
    });
    expect(heard).toEqual(Array.from({ length: 500 }, (_, index) => String(index)));
    // That of the one that takes nothing, and at most all of the other's small messages, which are kept until they are confirmed.
    expect(mostKept).toBeLessThanOrEqual(windowBytes + 500 * 40);
    expect(mostKept).toBeGreaterThan(windowBytes / 2);
    // All that the gateway has not confirmed is the client's own to keep.
    expect(deaf.bufferedAmount).toBeGreaterThan(sent / 3);
    expect(deaf.readyState).toBe(1);
  });

  it("is not read further than the window for a client that has paused", async () => {
    const upstream = await StandardUpstream.start();
    onTestFinished(() => upstream.close());
    const upstreams = { echo: `${upstream.url}/echo` };
    const { server, home } = await homeNode(upstreams, onTestFinished, { socketWindowBytes: windowBytes });
    const client = connect(server.url, "ann");
    onTestFinished(() => client.close());
    const [paused, reading] = [openSocket(client, "echo", [], { windowBytes }), openSocket(client, "echo")];
    await Promise.all([paused, reading].map((socket) => new Promise((resolve) => (socket.onopen = resolve))));
    paused.pause();
    const count = 200;
    for (let index = 0; index < count; index += 1) paused.send(new Uint8Array(messageBytes).fill(index));
    let mostKept = 0;
    await new Promise<void>((resolve) => {
      let heard = 0;
      reading.onmessage = () => {
        heard += 1;
        mostKept = Math.max(mostKept, home.keptBytes);
        if (heard === 300) resolve();
        else reading.send("x");
      };
      reading.send("x");
    });
    // Both windows of the one, and what one read of the upstream's socket brought at once.
    expect(mostKept).toBeLessThanOrEqual(2 * windowBytes + 65_536 + messageBytes);
    const got: number[] = [];
    paused.binaryType = "arraybuffer";
    await new Promise<void>((resolve) => {
      paused.onmessage = ({ data }) => {
        got.push(new Uint8Array(data as ArrayBuffer)[0]!);
        if (got.length === count) resolve();
      };
      paused.resume();
    });
    expect(got).toEqual(Array.from({ length: count }, (_, index) => index % 256));
  });
});
