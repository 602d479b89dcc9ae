import { HawserError } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { failureOf } from "../../src/pool/failure.ts";
import { Outcomes } from "../../src/pool/health/outcomes.ts";
import { PeakEwma } from "../../src/pool/peak-ewma.ts";
import { UpstreamRefused } from "../../src/proxy/pool-port.ts";

const options = { ejectAfter: 5, ejectShare: 0.5, ejectMs: 1_000, maxEjectMs: 4_000, maxEjectedShare: 0.5 };

describe("outcomes", () => {
  it("are too bad after so many failures in a row, and not with a success in between", () => {
    const outcomes = new Outcomes(options);
    for (let turn = 0; turn < 4; turn += 1) expect(outcomes.failed()).toBe(false);
    outcomes.succeeded();
    for (let turn = 0; turn < 4; turn += 1) expect(outcomes.failed()).toBe(false);
    expect(outcomes.failed()).toBe(true);
  });

  it("are too bad when half of the last twenty failed", () => {
    const outcomes = new Outcomes(options);
    const said: boolean[] = [];
    for (let turn = 0; turn < 10; turn += 1) {
      outcomes.succeeded();
      said.push(outcomes.failed());
    }
    expect(said.filter(Boolean)).toEqual([true]);
    expect(said.at(-1)).toBe(true);
  });

  it("leave out for twice as long each time, up to the most, and anew after a while", () => {
    const outcomes = new Outcomes(options);
    expect([outcomes.eject(0), outcomes.eject(1_000), outcomes.eject(3_000), outcomes.eject(7_000)]).toEqual([
      1_000, 3_000, 7_000, 11_000,
    ]);
    expect(outcomes.eject(15_001)).toBe(16_001);
  });
});

describe("the latency of a target", () => {
  it("takes a peak at once, and forgets it slowly", () => {
    const latency = new PeakEwma();
    latency.observe(10, 0);
    latency.observe(500, 1_000);
    expect(latency.value).toBe(500);
    latency.observe(10, 2_000);
    expect(latency.value).toBeGreaterThan(400);
    for (let at = 3_000; at < 100_000; at += 1_000) latency.observe(10, at);
    expect(latency.value).toBeLessThan(11);
  });
});

describe("a failure", () => {
  it.each([
    [Object.assign(new Error(), { code: "ECONNRESET" }), "ECONNRESET"],
    [new UpstreamRefused(503, "", [], Buffer.alloc(0)), "503"],
    [new UpstreamRefused(403, "", [], Buffer.alloc(0)), undefined],
    [new UpstreamRefused(500, "", [], Buffer.alloc(0)), undefined],
    [new Error("It is no HTTP."), "failed"],
    [new HawserError("upstream-refused", "The path is none."), undefined],
  ])("%# is the target's or not", (error, expected) => {
    expect(failureOf(error)).toBe(expected);
  });
});
