import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { kafkaSource } from "@hawser/log-kafka";
import type { KafkaSourceOptions, SaslMechanism } from "@hawser/log-kafka";
import type { Broker } from "@hawser/log/broker";
import { systemPorts } from "@hawser/protocol";
import { selfSigned } from "../../support/self-signed.ts";
import { expectServedSecurely } from "../support/secure-serve.ts";
import { startKafka, user, withoutKafka } from "./kafka-server.ts";
import type { KafkaServer } from "./kafka-server.ts";

const tls = { ca: selfSigned.cert };

describe.skipIf(withoutKafka)("a Kafka that is spoken to over TLS", () => {
  let server: KafkaServer;

  beforeAll(async () => {
    server = await startKafka();
  });
  afterAll(() => server?.program.remove());

  async function open(options: KafkaSourceOptions): Promise<readonly Broker[]> {
    const source = kafkaSource({ brokers: [`127.0.0.1:${server.tlsPort}`], topic: "secure", ...options });
    onTestFinished(() => source.close());
    return source.open(systemPorts());
  }

  it.each<SaslMechanism>(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])(
    "lets in by %s who has the password, and nobody else",
    async (mechanism) => {
      const [broker] = await open({ tls, sasl: { mechanism, ...user } });
      expect(await broker!.fetch(0, 1, 0)).toMatchObject({ end: 0 });
      await expect(open({ tls, sasl: { mechanism, ...user, password: "wrong" } })).rejects.toMatchObject({
        code: "log-unavailable",
        message: expect.stringMatching(/authentication/i),
      });
    },
  );

  it("is not opened where its authority is not known, and the reason is said", async () => {
    const sasl = { mechanism: "PLAIN", ...user } as const;
    await expect(open({ tls: true, sasl })).rejects.toMatchObject({
      code: "log-unavailable",
      message: expect.stringContaining("self-signed certificate"),
    });
  });

  it("is not opened without a name", async () => {
    await expect(open({ tls })).rejects.toMatchObject({ code: "log-unavailable" });
  });

  it("is served from by its address alone", async () => {
    await expectServedSecurely({
      address: (password) =>
        `kafkas://${user.username}:${password}@127.0.0.1:${server.tlsPort}/served?sasl=scram-sha-256`,
      password: user.password,
      refusal: /authentication/i,
    });
  });
});
