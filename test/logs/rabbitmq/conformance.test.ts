import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { conformanceCases } from "@hawser/log/conformance";
import type { ConformanceCapabilities, ConformanceHarness } from "@hawser/log/conformance";
import { brokerLog } from "@hawser/log/broker";
import type { BrokerSource } from "@hawser/log/broker";
import { rabbitmqLog, rabbitmqSource } from "@hawser/log-rabbitmq";
import type { Log } from "@hawser/log";
import { systemPorts } from "@hawser/protocol";
import { RabbitmqServer, rabbitmqServer } from "./rabbitmq-server.ts";

const capabilities: ConformanceCapabilities = {
  ...rabbitmqLog().capabilities,
  reopens: true,
  controlsTime: false,
  trims: ["count", "bytes"],
  maxPayloadBytes: 256 * 1024,
};

describe.skipIf(rabbitmqServer === undefined && !process.env["CI"])("the log in RabbitMQ", () => {
  let server: RabbitmqServer;
  let streams = 0;
  beforeAll(async () => {
    server = await RabbitmqServer.start();
  });
  afterAll(() => server?.remove());

  function harness(): ConformanceHarness {
    streams += 1;
    const stream = `kit-${streams}`;
    const sources = new Map<Log, BrokerSource>();
    const create = (): Log => {
      const source = rabbitmqSource({ url: server.url, stream });
      const log = brokerLog({ source, checkpointEvery: 50 });
      sources.set(log, source);
      return log;
    };
    const ports = systemPorts();
    return {
      ...ports,
      capabilities,
      create: async () => create(),
      reopen: async (log, how) => {
        if (how === "crash") await sources.get(log)!.close();
        await log.close();
        return create();
      },
      drive: (work) => work,
      settle: () => new Promise((resolve) => void ports.timers.after(1, () => resolve())),
    };
  }

  for (const { name, run } of conformanceCases.filter(({ needs }) => needs(capabilities))) {
    it(name, async () => {
      await expect(run(harness())).resolves.toBeUndefined();
    });
  }
});
