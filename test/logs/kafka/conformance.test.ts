import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { conformanceCases } from "@hawser/log/conformance";
import type { ConformanceCapabilities, ConformanceHarness } from "@hawser/log/conformance";
import { brokerLog } from "@hawser/log/broker";
import type { BrokerSource } from "@hawser/log/broker";
import { kafkaLog, kafkaSource } from "@hawser/log-kafka";
import type { Log } from "@hawser/log";
import { systemPorts } from "@hawser/protocol";
import { startKafka, withoutKafka } from "./kafka-server.ts";
import type { KafkaServer } from "./kafka-server.ts";

const capabilities: ConformanceCapabilities = {
  ...kafkaLog().capabilities,
  reopens: true,
  controlsTime: false,
  trims: ["count", "bytes"],
  maxPayloadBytes: 256 * 1024,
};

describe.skipIf(withoutKafka)("the log in Kafka", () => {
  let server: KafkaServer;
  let topics = 0;
  beforeAll(async () => {
    server = await startKafka();
  });
  afterAll(() => server?.program.remove());

  function harness(): ConformanceHarness {
    topics += 1;
    const topic = `kit-${topics}`;
    const sources = new Map<Log, BrokerSource>();
    const create = (): Log => {
      const source = kafkaSource({ brokers: [`127.0.0.1:${server.program.port}`], topic });
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
