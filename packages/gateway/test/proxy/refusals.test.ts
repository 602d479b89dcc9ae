import { HawserError } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import type { ProxyRefusal } from "../../src/proxy/answer.ts";
import { refusalOf } from "../../src/proxy/refusals.ts";
import { PoolScene } from "../pool/pool-scene.ts";

const one = { targets: ["ws://secret.internal:1/"] } as const;

/** What a plain client is told when a pool with these options has no more room behind its first connection. */
async function refusedBy(options: object): Promise<ProxyRefusal> {
  const scene = new PoolScene({ ...one, ...options });
  await scene.connect();
  return scene.connect().then(
    () => Promise.reject(new Error("there was room")),
    (error: unknown) => refusalOf(error),
  );
}

describe("what a plain client is told", () => {
  it("of a pool that has all its connections: HTTP 503, and when to come again", async () => {
    const { status, code, headers, cause } = await refusedBy({ maxPoolConnections: 1 });
    expect([status, code, headers, cause]).toEqual([503, "overloaded", { "retry-after": "1" }, undefined]);
  });

  it("of a pool that takes no more a second: the same", async () => {
    const { status, code, headers } = await refusedBy({ connectionsPerSecond: 1 });
    expect([status, code, headers]).toEqual([503, "overloaded", { "retry-after": "1" }]);
  });

  it("of a pool without a target in service: HTTP 503, and nothing of who is behind", async () => {
    const { status, code, message } = await refusedBy({ maxConnections: 1 });
    expect([status, code]).toEqual([503, "upstream-unavailable"]);
    expect(message).not.toContain("secret");
  });

  it("of any other error: HTTP 502, and nothing of what it says", () => {
    for (const error of [
      new Error("connect ECONNREFUSED 10.0.0.1"),
      new HawserError("internal", "10.0.0.1"),
      "10.0.0.1",
    ]) {
      const { status, code, message } = refusalOf(error);
      expect([status, code]).toEqual([502, "upstream-failed"]);
      expect(message).not.toContain("10.0.0.1");
    }
  });
});
