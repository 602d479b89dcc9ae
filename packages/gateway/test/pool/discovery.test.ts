import { describe, expect, it } from "vitest";
import { DnsTargets } from "../../src/pool/discovery/dns-targets.ts";
import type { Answer } from "../../src/pool/discovery/dns-targets.ts";
import { SimulatedPorts } from "../support/simulated-ports.ts";
import { settingsOf } from "./pool-scene.ts";

/** A name that is asked for as its answers say. */
class NameScene {
  readonly ports = new SimulatedPorts();
  /** When it was asked for. */
  readonly asked: number[] = [];
  answer: Answer | undefined;
  changes = 0;
  readonly targets: DnsTargets;

  constructor(ttlMs: number | undefined, bounds: { readonly minRefreshMs?: number } = {}) {
    this.answer = { found: [{ host: "10.0.0.1", port: undefined, weight: undefined, priority: undefined }], ttlMs };
    this.targets = new DnsTargets({
      dns: settingsOf({ dns: { url: "ws://service:9", refreshMs: 30_000, ...bounds } }).dns!,
      resolve: () => {
        this.asked.push(this.ports.monotonic());
        return this.answer === undefined ? Promise.reject(new Error("no answer")) : Promise.resolve(this.answer);
      },
      timers: this.ports,
      // Without what keeps nodes apart.
      random: { number: () => 0, bytes: (length) => new Uint8Array(length) },
      onChange: () => (this.changes += 1),
    });
  }

  /** How long it was waited before each time that it was asked for, but for the first. */
  get waits(): readonly number[] {
    return this.asked.slice(1).map((at, index) => at - this.asked[index]!);
  }
}

describe("a name of targets", () => {
  it.each([
    { what: "when the answer's time to live is over", ttlMs: 7_000, waits: [7_000, 7_000] },
    { what: "not before minRefreshMs", ttlMs: 0, waits: [1_000, 1_000] },
    { what: "behind refreshMs at the latest", ttlMs: 86_400_000, waits: [30_000, 30_000] },
    {
      what: "behind refreshMs when the answer does not say how long it holds",
      ttlMs: undefined,
      waits: [30_000, 30_000],
    },
  ])("is asked for again $what", async ({ ttlMs, waits }) => {
    const scene = new NameScene(ttlMs);
    for (let count = 0; count < 75; count += 1) await scene.ports.advance(1_000);
    expect(scene.waits.slice(0, 2)).toEqual(waits);
    expect(scene.changes).toBe(1);
    scene.targets.stop();
    expect(scene.ports.pending).toBe(0);
  });

  it("is asked for again soon when nobody answers, then less and less often, and what was known holds", async () => {
    const scene = new NameScene(5_000, { minRefreshMs: 2_000 });
    await scene.ports.advance(4_999);
    scene.answer = undefined;
    for (let count = 0; count < 100; count += 1) await scene.ports.advance(1_000);
    expect(scene.waits).toEqual([5_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(scene.targets.targets(1).map(({ name }) => name)).toEqual(["10.0.0.1:9"]);
    scene.answer = { found: [], ttlMs: 5_000 };
    await scene.ports.advance(30_000);
    expect([scene.changes, scene.waits.at(-1)]).toEqual([1, 30_000]);
  });

  it.each([99, 30_001, 1.5])("is not made with a minRefreshMs of %d beside 30000", (minRefreshMs) => {
    expect(() => new NameScene(0, { minRefreshMs })).toThrow("dns.minRefreshMs must be an integer from 100 to 30000");
  });
});
