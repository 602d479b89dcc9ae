import { describe, expect, it } from "vitest";
import { connectionSettings } from "../src/connection-options.ts";
import { rabbitmqLog } from "../src/index.ts";
import { partitionNames, strangerNames, streamArguments } from "../src/stream-settings.ts";

describe("the settings of a stream", () => {
  it("leave to the broker what is not said", () => {
    expect(streamArguments({})).toEqual({ "x-queue-type": "stream" });
  });

  it("are said as RabbitMQ names them", () => {
    expect(
      streamArguments({
        maxBytes: 5_000,
        maxAgeMs: 86_400_001,
        segmentBytes: 1_000,
        replicas: 3,
        leaderLocator: "least-leaders",
      }),
    ).toEqual({
      "x-queue-type": "stream",
      "x-max-length-bytes": 5_000,
      "x-max-age": "86401s",
      "x-stream-max-segment-size-bytes": 1_000,
      "x-initial-cluster-size": 3,
      "x-queue-leader-locator": "least-leaders",
    });
  });

  it("name a stream for each partition, and those that another number of partitions would have", () => {
    expect(partitionNames("chat", 1)).toEqual(["chat"]);
    expect(partitionNames("chat", 3)).toEqual(["chat-0", "chat-1", "chat-2"]);
    for (const [one, other] of [
      [1, 2],
      [2, 1],
      [1, 3],
      [3, 1],
      [3, 2],
    ] as const) {
      const there = new Set(partitionNames("chat", one));
      expect(strangerNames("chat", other).some((name) => there.has(name))).toBe(true);
    }
  });
});

describe("the options of the log", () => {
  it("do not claim that anything outlives the power of all machines", () => {
    expect(rabbitmqLog().capabilities).toMatchObject({ name: "rabbitmq", durabilities: ["memory", "commit"] });
  });

  it("count more than the address", () => {
    expect(
      connectionSettings({
        url: "amqp://ann:secret@one/v?stream=s",
        hosts: ["two", "three:1"],
        username: "bob",
        password: "other",
        vhost: "w",
        tls: { servername: "cluster" },
      }),
    ).toMatchObject({
      hosts: [
        { host: "two", port: 5671 },
        { host: "three", port: 1 },
      ],
      username: "bob",
      password: "other",
      vhost: "w",
      tls: { servername: "cluster" },
    });
  });

  it.each([
    { partitions: 0 },
    { partitions: 257 },
    { partitions: 1.5 },
    { stream: "" },
    { hosts: [] },
    { url: "amqps://rabbit", tls: false },
  ])("are refused as %j", (options) => {
    expect(() => rabbitmqLog(options)).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });
});
