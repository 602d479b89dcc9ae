import { describe, expect, it } from "vitest";
import type { BatchFrame } from "@hawser/protocol";
import { RateCheck } from "../../src/check/rate-check.ts";
import type { WireGrant } from "../../src/check/wire-follower.ts";
import type { SimulatedConnection } from "../../src/network/simulated-connection.ts";

/** Ten messages a second, and one at once. */
function watched(): { found: string[]; send: (atMs: number, messages: number, grant?: WireGrant) => void } {
  const found: string[] = [];
  const check = new RateCheck({ rateOf: () => 10, report: (message) => found.push(message) });
  const first = grantOf(1);
  const connection = { id: 1, node: { ports: { clock: { monotonic: () => now } } } };
  let now = 0;
  return {
    found,
    send: (atMs, messages, grant = first) => {
      now = atMs;
      const frame = { messages: Array.from({ length: messages }, () => ({})) };
      check.onBatchSent(connection as unknown as SimulatedConnection, frame as unknown as BatchFrame, grant);
    },
  };
}

function grantOf(generation: number): WireGrant {
  return { channel: "room", generation, credit: 0, cost: 0 };
}

describe("the checker of rates", () => {
  it("is content with as many messages a second as the channel allows, and its burst [SUB-18]", () => {
    const { found, send } = watched();
    send(0, 11);
    send(1_000, 11);
    expect(found).toEqual([]);
  });

  it("finds one more, in whichever second [SUB-18]", () => {
    const { found, send } = watched();
    send(0, 4);
    send(600, 7);
    send(999, 1);
    expect(found).toHaveLength(1);
    send(1_500, 4);
    expect(found).toHaveLength(2);
  });

  it("finds a channel that begins anew with each grant [SUB-18]", () => {
    const { found, send } = watched();
    send(0, 11);
    send(0, 1, grantOf(2));
    expect(found).toHaveLength(1);
  });
});
