import { openSocket } from "@hawser/client";
import { describe, expect, it, onTestFinished } from "vitest";
import { connect } from "../support/clients.ts";
import { gatewayNode } from "./scene.ts";
import { StandardUpstream } from "./standard-upstream.ts";

const windowBytes = 65_536;
const messageBytes = 10_000;

describe("an upstream that takes nothing", () => {
  it("stalls no other, and holds no more of its socket on the way than the window", async () => {
    const upstream = await StandardUpstream.start();
    onTestFinished(() => upstream.close());
    const upstreams = { deaf: `${upstream.url}/deaf`, echo: `${upstream.url}/echo` };
    const server = await gatewayNode(upstreams, onTestFinished, { socketWindowBytes: windowBytes });
    const client = connect(server.url, "ann");
    onTestFinished(() => client.close());
    const [deaf, echo] = [openSocket(client, "deaf"), openSocket(client, "echo")];
    await Promise.all([deaf, echo].map((socket) => new Promise((resolve) => (socket.onopen = resolve))));
    // More than the sockets of the system take: what is behind stays with the client.
    const sent = 24_000_000;
    for (let bytes = 0; bytes < sent; bytes += messageBytes) deaf.send(new Uint8Array(messageBytes));
    const heard: unknown[] = [];
    await new Promise<void>((resolve) => {
      echo.onmessage = ({ data }) => {
        heard.push(data);
        if (heard.length === 500) resolve();
        else echo.send(String(heard.length));
      };
      echo.send("0");
    });
    expect(heard).toEqual(Array.from({ length: 500 }, (_, index) => String(index)));
    // All that the gateway has not confirmed is the client's own to keep.
    expect(deaf.bufferedAmount).toBeGreaterThan(sent / 3);
    expect(deaf.readyState).toBe(1);
  });
});
