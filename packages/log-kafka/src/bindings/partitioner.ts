import { crc32 } from "node:zlib";
import { murmur2 } from "@platformatic/kafka";

/**
 * How the partition of a key is chosen. `java`: by murmur2, as Kafka's own client and most others do; `librdkafka`: by CRC-32, the
 * default of librdkafka and of the clients on it for Go, Python, .NET and others; or a function.
 */
export type KafkaPartitioner = "java" | "librdkafka" | ((key: Uint8Array, partitions: number) => number);

/** The function of a partitioner. */
export function partitionBy(partitioner: KafkaPartitioner): (key: Buffer, partitions: number) => number {
  if (typeof partitioner === "function") return partitioner;
  if (partitioner === "librdkafka") return (key, partitions) => crc32(key) % partitions;
  return (key, partitions) => (murmur2(key) & 0x7fff_ffff) % partitions;
}
