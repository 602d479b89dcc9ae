import { describe, expect, it } from "vitest";
import { kafkaLog } from "@hawser/log-kafka";
import { partitionBy } from "../../src/bindings/partitioner.ts";

describe("the partition of a key", () => {
  it("is that of Kafka's own client", () => {
    // Hashes from Kafka's UtilsTest.testMurmur2: -973932308, -790332482, -985981536.
    const java = partitionBy("java");
    expect(["21", "foobar", "a-little-bit-long-string"].map((key) => java(Buffer.from(key), 1_000_003))).toEqual(
      [-973_932_308, -790_332_482, -985_981_536].map((hash) => (hash & 0x7fff_ffff) % 1_000_003),
    );
  });

  it("is that of librdkafka", () => {
    // The check value of CRC-32.
    expect(partitionBy("librdkafka")(Buffer.from("123456789"), 1_000_003)).toBe(0xcbf4_3926 % 1_000_003);
  });

  it("is what a function says", () => {
    expect(partitionBy((key, partitions) => key.length % partitions)(Buffer.from("abcd"), 3)).toBe(1);
  });

  it("is asked for only by a binding that can be understood", () => {
    const made = (pattern: string, key?: string) => () =>
      kafkaLog({ bindings: [{ pattern, topic: "t", ...(key === undefined ? {} : { key }) }] });
    expect(made("orders.{id}")).not.toThrow();
    expect(made("shop.{tenant}.{id}", "{tenant}/{id}")).not.toThrow();
    for (const wrong of [made("orders"), made("a.{x}.{y}"), made("orders.{id}", "{other}"), made("a.{x}.{y}", "{x}")]) {
      expect(wrong).toThrow(expect.objectContaining({ code: "option-invalid" }));
    }
  });
});
