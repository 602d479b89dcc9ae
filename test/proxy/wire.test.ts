import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { closing, open, ProxyScene, WsTarget } from "./support/proxy-scene.ts";

const stopped: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stopped.splice(0).toReversed()) await stop();
});

function held<Thing extends { stop(): Promise<void> }>(thing: Thing): Thing {
  stopped.push(() => thing.stop());
  return thing;
}

const echo = (socket: import("ws").WebSocket): void =>
  void socket.on("message", (data, binary) => socket.send(data, { binary }));

describe("a plain connection", () => {
  it("carries messages of every size both ways", async () => {
    const target = held(await WsTarget.start(echo));
    const scene = held(await ProxyScene.start([target.url]));
    const client = await open(scene.url);
    for (const size of [0, 1, 125, 126, 65_535, 65_536, 1_000_000]) {
      const message = Buffer.alloc(size, size);
      client.send(message);
      const [data] = (await once(client, "message")) as [Buffer];
      expect(data.equals(message)).toBe(true);
    }
    client.close(1000, "done");
    expect(await closing(client)).toEqual({ code: 1000, reason: "done" });
    expect(await scene.record()).toMatchObject({ status: 101, end: "client" });
  });
});
