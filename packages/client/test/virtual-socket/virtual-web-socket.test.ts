import { expect, it } from "vitest";
import { virtualWebSocket } from "../../src/virtual-socket/virtual-web-socket.ts";
import { connected } from "../fixture.ts";
import { FakeHome } from "./fake-home.ts";

it("names the upstream by the host of its URL, and adds the rest to its path", async () => {
  const { client, server, ports } = await connected();
  const home = new FakeHome(server);
  const Virtual = virtualWebSocket(client, { lane: "bulk" });
  const urls = ["hawser://quotes/eu?v=2", "wss://quotes/", "hawser://My%20quotes", "http://127.0.0.1:81/a"];
  const sockets = urls.map((url) => new Virtual(url, "v1"));
  await ports.advance(5);
  expect(home.opens.map(({ upstream, path, lane }) => [upstream, path, lane])).toEqual([
    ["quotes", "/eu?v=2", "bulk"],
    ["quotes", "", "bulk"],
    ["My quotes", "", "bulk"],
    ["127.0.0.1:81", "/a", "bulk"],
  ]);
  expect(sockets.map(({ url }) => url)).toEqual([
    "hawser://quotes/eu?v=2",
    "wss://quotes/",
    "hawser://My%20quotes",
    "ws://127.0.0.1:81/a",
  ]);
});

it("asks `resolve` where a URL leads", async () => {
  const { client, server, ports } = await connected();
  const home = new FakeHome(server);
  const Virtual = virtualWebSocket(client, {
    resolve: ({ pathname }) => ({ upstream: pathname.slice(1), path: "/x" }),
  });
  const socket = new Virtual("wss://example.com/orders");
  await ports.advance(5);
  expect(home.opens).toMatchObject([{ upstream: "orders", path: "/x" }]);
  expect([socket.url, Virtual.OPEN]).toEqual(["wss://example.com/orders", 1]);
});

it.each(["hawser:quotes", "hawser://", "hawser://quotes/#part"])("refuses %s", async (url) => {
  const { client } = await connected();
  const Virtual = virtualWebSocket(client);
  expect(() => new Virtual(url)).toThrow(DOMException);
});
