import { describe, expect, it } from "vitest";
import { natsSource } from "@hawser/log-nats";
import type { NatsOptions } from "@hawser/log-nats";

describe("the options of NATS", () => {
  it.each<NatsOptions>([
    { stream: "a.b" },
    { stream: "" },
    { partitions: 0 },
    { partitions: 1_025 },
    { replicas: 6 },
    { replicas: 0 },
    { maxAgeMs: 0 },
    { maxBytes: -1 },
    { maxBuffered: 1.5 },
    { storage: "memory", flush: "declared" },
  ])("are refused: %j", (options) => {
    expect(() => natsSource(options)).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });

  it("may be at their limits", () => {
    expect(natsSource({ partitions: 1_024, replicas: 5, maxPayloadBytes: 1 })).toMatchObject({ maxPayloadBytes: 1 });
  });

  it("say what an append outlives: the process in files, the power only where that is proved or declared", () => {
    expect(natsSource({}).durabilities).toEqual(["memory", "commit"]);
    expect(natsSource({ storage: "memory" }).durabilities).toEqual(["memory"]);
    expect(natsSource({ flush: "declared" }).durabilities).toEqual(["memory", "commit", "flush"]);
    expect(natsSource({ flush: { monitoring: ["http://127.0.0.1:8222"] } }).durabilities).toContain("flush");
  });
});
