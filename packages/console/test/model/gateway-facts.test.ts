import { describe, expect, it } from "vitest";
import { poolsOf } from "../../src/model/gateway-facts.ts";

describe("what a gateway says of its pools", () => {
  it("is shown by target; an HTTP back end is its own one", () => {
    const target = {
      name: "one",
      state: "down",
      open: 2,
      latencyMs: 1.5,
      errors: 3,
      ejections: 1,
      bytesIn: 4,
      bytesOut: 5,
    };
    expect(
      poolsOf({
        pools: [
          { name: "quotes", kind: "websocket", targets: [target] },
          { name: "app", kind: "http", url: "http://app.test/", open: 7 },
        ],
      }),
    ).toEqual([
      {
        name: "quotes",
        kind: "websocket",
        targets: [{ name: "one", state: "down", open: 2, latencyMs: 1.5, errors: 3, ejections: 1, bytes: 9 }],
      },
      {
        name: "app",
        kind: "http",
        targets: [{ name: "http://app.test/", state: "up", open: 7, latencyMs: 0, errors: 0, ejections: 0, bytes: 0 }],
      },
    ]);
  });

  it.each([[null], ["text"], [{}], [{ pools: 1 }]])("is nothing when it is %j", (reply) => {
    expect(poolsOf(reply)).toBeUndefined();
  });
});
