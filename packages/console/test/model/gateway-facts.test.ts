import { describe, expect, it } from "vitest";
import { poolsOf, withRates } from "../../src/model/gateway-facts.ts";

describe("what a gateway says of its pools", () => {
  it("is shown by target; an HTTP back end is its own one", () => {
    const target = {
      name: "one",
      state: "down",
      open: 2,
      latencyMs: 1.5,
      errors: 3,
      failures: { ECONNREFUSED: 2, timeout: 1 },
      lost: 2,
      ejections: 1,
      durations: { handshake: { p99Ms: 7 } },
      bytesIn: 4,
      bytesOut: 5,
      messagesIn: 6,
      messagesOut: 7,
    };
    const none = { lost: 0, ejections: 0, p99Ms: 0, bytes: 0, messages: 0, rates: undefined };
    expect(
      poolsOf({
        pools: [
          { name: "quotes", kind: "websocket", panics: true, targets: [target] },
          {
            name: "app",
            kind: "http",
            url: "http://app.test/",
            open: 7,
            requests: { 0: 1, 200: 9, 503: 2 },
            failures: 1,
            duration: { p99Ms: 20 },
          },
        ],
      }),
    ).toEqual([
      {
        name: "quotes",
        kind: "websocket",
        panics: true,
        targets: [
          {
            name: "one",
            state: "down",
            open: 2,
            latencyMs: 1.5,
            errors: 3,
            failures: "ECONNREFUSED 2, timeout 1",
            lost: 2,
            ejections: 1,
            p99Ms: 7,
            bytes: 9,
            messages: 13,
            rates: undefined,
          },
        ],
      },
      {
        name: "app",
        kind: "http",
        panics: false,
        targets: [
          {
            name: "http://app.test/",
            state: "up",
            open: 7,
            latencyMs: 0,
            errors: 1,
            failures: "0 1, 503 2",
            ...none,
            p99Ms: 20,
          },
        ],
      },
    ]);
  });

  it("has the rates of what was there before, and none of a node that began anew", () => {
    const at = (bytesIn: number, messagesIn: number, name = "one"): ReturnType<typeof poolsOf> =>
      poolsOf({
        pools: [{ name: "quotes", kind: "websocket", targets: [{ name, state: "up", bytesIn, messagesIn }] }],
      });
    const rates = (...[now, before, elapsedMs]: Parameters<typeof withRates>): unknown =>
      withRates(now, before, elapsedMs)[0]?.targets[0]?.rates;
    expect(rates(at(900, 30)!, at(300, 10)!, 2_000)).toEqual({ bytesPerSecond: 300, messagesPerSecond: 10 });
    expect(rates(at(20, 1)!, at(300, 10)!, 2_000)).toBeUndefined();
    expect(rates(at(20, 1, "two")!, at(0, 0)!, 2_000)).toBeUndefined();
  });

  it.each([[null], ["text"], [{}], [{ pools: 1 }]])("is nothing when it is %j", (reply) => {
    expect(poolsOf(reply)).toBeUndefined();
  });
});
