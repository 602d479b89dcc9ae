import { describe, expect, it } from "vitest";
import { connectionSettings } from "../src/connection-options.ts";
import { parseKafkaAddress } from "../src/kafka-address.ts";

describe("the address of Kafka", () => {
  it("names brokers, who asks, the topic and how it is to be", () => {
    const address =
      "kafkas://a%40b:p%2Fw@one:9093,two,[::1]:9095/chat?partitions=4&replicas=3&min-in-sync=2&sasl=scram-sha-256";
    expect(parseKafkaAddress(address)).toEqual({
      isTls: true,
      brokers: ["one:9093", "two:9092", "[::1]:9095"],
      username: "a@b",
      password: "p/w",
      topic: "chat",
      partitions: 4,
      replicationFactor: 3,
      minInSyncReplicas: 2,
      mechanism: "SCRAM-SHA-256",
    });
  });

  it("may name a broker alone", () => {
    expect(parseKafkaAddress("kafka://one")).toMatchObject({ isTls: false, brokers: ["one:9092"] });
    expect(parseKafkaAddress("kafka://one/").topic).toBeUndefined();
  });

  it.each(["one:9092", "http://one", "kafka:///a", "kafka://one,:9092", "kafka://one?acks=1", "kafka://one?sasl=none"])(
    "is not %s, which is not shown in the error",
    (address) => {
      expect(() => parseKafkaAddress(address)).toThrow(
        expect.objectContaining({ code: "option-invalid", message: expect.not.stringContaining(address) }),
      );
    },
  );
});

describe("the connection to Kafka", () => {
  it("is as the address says", () => {
    expect(connectionSettings({ url: "kafka://ann:secret@one" })).toMatchObject({
      brokers: [{ host: "one", port: 9092 }],
      clientId: "hawser",
      tls: undefined,
      sasl: { mechanism: "PLAIN", username: "ann", password: "secret" },
    });
    expect(connectionSettings({ url: "kafkas://[::1]" })).toMatchObject({
      brokers: [{ host: "::1", port: 9092 }],
      tls: {},
      sasl: undefined,
    });
  });

  it("is as the options say, which count more", () => {
    const sasl = { mechanism: "OAUTHBEARER", token: () => "a token" } as const;
    const tls = { ca: "an authority", servername: "kafka" };
    const settings = connectionSettings({
      url: "kafka://ann:secret@one",
      brokers: ["two:1"],
      sasl,
      tls,
      clientId: "n1",
    });
    expect(settings).toMatchObject({ brokers: [{ host: "two", port: 1 }], sasl, tls, clientId: "n1" });
  });

  it("is refused where options contradict each other, or name nobody", () => {
    for (const options of [{ url: "kafkas://one", tls: false }, { brokers: [] }, { brokers: ["a b"] }]) {
      expect(() => connectionSettings(options)).toThrow(expect.objectContaining({ code: "option-invalid" }));
    }
  });
});
