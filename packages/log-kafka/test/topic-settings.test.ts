import { describe, expect, it } from "vitest";
import { kafkaLog, kafkaSource } from "../src/index.ts";
import { holdTopic, keptDurabilities, topicConfiguration, topicFacts } from "../src/topic-settings.ts";
import type { TopicFacts } from "../src/topic-settings.ts";

const facts: TopicFacts = {
  partitions: 2,
  replicationFactor: 3,
  minInSyncReplicas: 2,
  uncleanElections: false,
  compacted: false,
  maxMessageBytes: 1_000_000,
  flushed: false,
};

describe("a topic that is made", () => {
  it("loses nothing to an election, by age or by size unless it is told so", () => {
    expect(Object.fromEntries(topicConfiguration({}).map(({ name, value }) => [name, value]))).toEqual({
      "cleanup.policy": "delete",
      "message.timestamp.type": "LogAppendTime",
      "unclean.leader.election.enable": "false",
      "max.message.bytes": "8388608",
      "retention.ms": "-1",
      "retention.bytes": "-1",
    });
    expect(topicConfiguration({ minInSyncReplicas: 2, retentionMs: 5, segmentBytes: 7 })).toEqual(
      expect.arrayContaining([
        { name: "min.insync.replicas", value: "2" },
        { name: "retention.ms", value: "5" },
        { name: "segment.bytes", value: "7" },
      ]),
    );
  });
});

describe("a topic that is there", () => {
  it("is read as Kafka describes it", () => {
    const configuration = new Map([
      ["min.insync.replicas", "2"],
      ["unclean.leader.election.enable", "false"],
      ["cleanup.policy", "delete"],
      ["max.message.bytes", "1000000"],
      ["flush.messages", "9223372036854775807"],
    ]);
    expect(topicFacts([3, 3], configuration)).toEqual(facts);
    expect(topicFacts([3, 2], new Map([["cleanup.policy", "compact,delete"]]))).toMatchObject({
      replicationFactor: 2,
      compacted: true,
    });
  });

  it("keeps what it acknowledged over the death of its brokers, unless one that lacks it may be elected", () => {
    expect(keptDurabilities(facts)).toEqual(["memory", "commit"]);
    expect(keptDurabilities({ ...facts, flushed: true })).toEqual(["memory", "commit", "flush"]);
    expect(keptDurabilities({ ...facts, flushed: true, uncleanElections: true })).toEqual(["memory"]);
    expect(keptDurabilities({ ...facts, uncleanElections: true, replicationFactor: 1 })).toEqual(["memory", "commit"]);
  });

  it("is taken when it keeps as much as was asked for", () => {
    const wanted = { partitions: 2, replicationFactor: 3, minInSyncReplicas: 2 };
    expect(() => holdTopic("chat", facts, wanted, ["memory", "commit"])).not.toThrow();
    expect(() => holdTopic("chat", facts, { partitions: 2 }, [])).not.toThrow();
  });

  it.each([
    ["another number of partitions", "log-foreign", {}, { partitions: 3 }],
    ["compaction", "log-foreign", { compacted: true }, {}],
    ["too few replicas", "option-invalid", {}, { replicationFactor: 4 }],
    ["too few of them in sync", "option-invalid", {}, { minInSyncReplicas: 3 }],
    ["more to be in sync than there are", "option-invalid", { minInSyncReplicas: 4 }, {}],
    ["elections that lose something", "option-invalid", { uncleanElections: true }, {}],
  ] as const)("is refused for %s", (_, code, has, wants) => {
    expect(() => holdTopic("chat", { ...facts, ...has }, { partitions: 2, ...wants }, ["commit"])).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining("chat") }),
    );
  });
});

describe("the options of the log", () => {
  it("claim what a topic keeps that was made by it", () => {
    expect(kafkaLog().capabilities).toMatchObject({ name: "kafka", durabilities: ["memory", "commit"] });
    expect(kafkaSource({}).maxPayloadBytes).toBe(8 * 1024 * 1024 - 8_192);
  });

  it.each([{ partitions: 0 }, { partitions: 257 }, { partitions: 1.5 }, { replicationFactor: 0 }, { topic: "a/b" }])(
    "are refused: %j",
    (options) => {
      expect(() => kafkaLog(options)).toThrow(expect.objectContaining({ code: "option-invalid" }));
    },
  );

  it("may stand in the address", () => {
    expect(() => kafkaLog({ url: "kafka://one/a?partitions=0" })).toThrow("`partitions` is a whole number");
    expect(() => kafkaLog({ url: "kafka://one/a?partitions=256" })).not.toThrow();
  });
});
