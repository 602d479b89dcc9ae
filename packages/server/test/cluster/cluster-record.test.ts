import { payloadOf } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { decodeCluster, encodeCluster } from "../../src/cluster/cluster-record.ts";
import type { ClusterRecord } from "../../src/cluster/cluster-record.ts";

const beat: ClusterRecord = {
  kind: "beat",
  instance: "1f",
  beat: 7,
  word: {
    name: "a",
    endpoints: ["wss://a.example.org/hawser"],
    state: "draining",
    version: "1.2.3",
    connections: 3,
    sessions: 2,
    relay: "ws://192.0.2.1:7430",
    presence: "2e",
  },
};

describe("a record of the cluster", () => {
  it.each<ClusterRecord>([
    beat,
    { kind: "left", instance: "1f" },
    { kind: "disconnect", instance: "1f", id: "9", user: "ann", reason: "why" },
  ])("comes back as it was written: $kind", (record) => {
    expect(decodeCluster(encodeCluster(record))).toEqual(record);
  });

  it.each([
    [undefined],
    [{ kind: "text" as const, data: new TextEncoder().encode("{}") }],
    [{ kind: "json" as const, data: new TextEncoder().encode("{") }],
    [payloadOf(null)],
    [payloadOf({ by: "x", kind: "other" })],
    [payloadOf({ by: 1, kind: "left" })],
    [payloadOf({ by: "x", kind: "disconnect", id: "1", user: 1, reason: "" })],
    [payloadOf({ by: "x", kind: "beat", beat: -1, word: beat.word })],
    [payloadOf({ by: "x", kind: "beat", beat: 1, word: { ...beat.word, state: "gone" } })],
    [payloadOf({ by: "x", kind: "beat", beat: 1, word: { ...beat.word, endpoints: [1] } })],
    [payloadOf({ by: "x", kind: "beat", beat: 1, word: null })],
  ])("is nothing where it is none of this version (%#)", (payload) => {
    expect(decodeCluster(payload)).toBeUndefined();
  });
});
