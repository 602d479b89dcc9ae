import { describe, expect, it } from "vitest";
import { HawserError } from "@hawser/client";
import { GatewayWatch } from "../../src/session/gateway-watch.ts";

type Call = ConstructorParameters<typeof GatewayWatch>[0]["call"];

/** A watch whose calls end as `answer` says, and how many there were. */
function watch(answer: () => Promise<unknown>): { readonly watch: GatewayWatch; readonly calls: () => number } {
  let calls = 0;
  const call = (async () => {
    calls += 1;
    return answer();
  }) as Call;
  const status = { state: "connected" } as ConstructorParameters<typeof GatewayWatch>[0]["status"];
  return { watch: new GatewayWatch({ call, status }, () => {}), calls: () => calls };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the watch of a gateway", () => {
  it("asks again each time it is told to look, one call at a time", async () => {
    const { watch: watched, calls } = watch(async () => ({ pools: [] }));
    watched.look();
    watched.look();
    await settled();
    expect([calls(), watched.pools]).toEqual([1, []]);
    watched.look();
    expect(calls()).toBe(2);
  });

  it.each(["method-unknown", "forbidden"] as const)("asks no more when the answer is %s", async (code) => {
    const { watch: watched, calls } = watch(() => Promise.reject(new HawserError(code, "")));
    watched.look();
    await settled();
    watched.look();
    expect([calls(), watched.pools]).toEqual([1, undefined]);
  });

  it("asks again after a call that was lost with its connection", async () => {
    const { watch: watched, calls } = watch(() => Promise.reject(new HawserError("connection-lost", "")));
    watched.look();
    await settled();
    watched.look();
    expect(calls()).toBe(2);
  });
});
