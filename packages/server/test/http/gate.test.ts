import { describe, expect, it } from "vitest";
import { Gate } from "../../src/http/gate.ts";
import { defaultLimits } from "../../src/policy/limits.ts";

const open = (): Gate => new Gate({ origins: "any", trustProxy: [], limits: defaultLimits });

describe("the gate", () => {
  it("lets in all while it is open", () => {
    const gate = open();
    expect([gate.refusalOf("lasting"), gate.refusalOf("brief")]).toEqual([undefined, undefined]);
  });

  it("lets in brief requests alone in a drain, and says 503 to the others", () => {
    const gate = open();
    gate.drain();
    expect([gate.refusalOf("lasting")?.status, gate.refusalOf("brief")]).toEqual([503, undefined]);
  });

  it("lets in nobody once it is shut, whatever follows", () => {
    const gate = open();
    gate.shut();
    gate.drain();
    expect([gate.refusalOf("lasting")?.status, gate.refusalOf("brief")?.status]).toEqual([503, 503]);
  });
});
