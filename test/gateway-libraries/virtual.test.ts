import { virtualWebSocket } from "@hawser/client";
import { systemPorts } from "@hawser/protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import { connect } from "../support/clients.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { gatewayNode } from "../virtual-sockets/scene.ts";
import { graphql } from "./scenarios/graphql.ts";
import { mosquitto, mqtt } from "./scenarios/mqtt.ts";
import { socketIo } from "./scenarios/socket-io.ts";
import { yWebSocket } from "./scenarios/y-websocket.ts";

describe.each([graphql, socketIo, mqtt, yWebSocket])("$name, with its own server behind,", (scenario) => {
  const skipped = scenario === mqtt && mosquitto === undefined && !process.env["CI"];

  it.skipIf(skipped)("works over virtual sockets, on a connection that is reset again and again", async () => {
    const upstream = await scenario.start();
    onTestFinished(() => upstream.stop());
    const server = await gatewayNode({ app: upstream.url }, onTestFinished);
    const proxy = await FaultProxy.to(Number(new URL(server.url).port));
    onTestFinished(() => proxy.close());
    const client = connect(proxy.urlOf(server.url), "ann", { backoff: { minMs: 1, maxMs: 10 } });
    onTestFinished(() => client.close());
    const { timers } = systemPorts();
    let running = true;
    // The pace of the faults is the test's own; an opening needs a connection that lasts, and Mosquitto takes its time.
    const paceMs = scenario === mqtt ? 400 : 50;
    const fault = (): void => {
      if (!running) return;
      proxy.endAll("reset");
      timers.after(paceMs, fault);
    };
    timers.after(paceMs, fault);
    onTestFinished(async () => {
      running = false;
    });
    await scenario.run({ url: "ws://app", WebSocket: virtualWebSocket(client) });
    expect(proxy.cuts).toBeGreaterThan(0);
  });
});
