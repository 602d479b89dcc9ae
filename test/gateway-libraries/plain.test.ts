import { describe, expect, it } from "vitest";
import { holding } from "../proxy/support/held.ts";
import { ProxyScene } from "../proxy/support/proxy-scene.ts";
import { graphql } from "./scenarios/graphql.ts";
import { mosquitto, mqtt } from "./scenarios/mqtt.ts";
import { socketIo } from "./scenarios/socket-io.ts";
import { yWebSocket } from "./scenarios/y-websocket.ts";

const held = holding();

describe.each([graphql, socketIo, mqtt, yWebSocket])("$name, with its own server behind,", (scenario) => {
  const skipped = scenario === mqtt && mosquitto === undefined && !process.env["CI"];

  it.skipIf(skipped)("works through plain proxying", async () => {
    const server = held(await scenario.start());
    const scene = held(await ProxyScene.start([server.url]));
    await scenario.run({ url: scene.url });
    const record = await scene.record();
    expect(record).toMatchObject({ status: 101, end: expect.stringMatching(/client|upstream/) as string });
    expect(record.fromClient.messages).toBeGreaterThan(0);
  });
});
