import { describe, expect, it } from "vitest";
import { capabilitiesOf, rightsOf } from "../../src/auth/capabilities.ts";
import type { Identity } from "../../src/auth/identity.ts";

const ann: Identity = {
  user: "ann",
  capabilities: [
    { pattern: "chat.*", verbs: ["subscribe", "publish"] },
    { pattern: "chat.news", verbs: ["history"] },
    { pattern: "sensor.**", verbs: ["subscribe"] },
    { pattern: "add", verbs: ["call"] },
  ],
};

describe("capabilities", () => {
  it.each([
    ["subscribe", "chat.general", true],
    ["publish", "chat.general", true],
    ["history", "chat.general", false],
    ["history", "chat.news", true],
    ["subscribe", "chat", false],
    ["subscribe", "chat.a.b", false],
    ["subscribe", "chatx.a", false],
    ["subscribe", "sensor.a.b.c", true],
    ["publish", "sensor.a", false],
    ["call", "add", true],
    ["call", "sub", false],
    ["presence", "chat.general", false],
  ] as const)("%s %s: %s", (verb, name, allowed) => {
    expect(rightsOf(ann)(verb, name)).toBe(allowed);
  });

  it("that are not there allow everything", () => {
    expect(rightsOf({ user: "ann" })("publish", "any.thing")).toBe(true);
  });

  it("that are empty allow nothing", () => {
    expect(rightsOf({ user: "ann", capabilities: [] })("publish", "any.thing")).toBe(false);
  });

  it("of all names do not stand for the service's own", () => {
    const all: Identity = { user: "ann", capabilities: [{ pattern: "**", verbs: ["subscribe"] }] };
    expect(rightsOf(all)("subscribe", "chat.general")).toBe(true);
    expect(rightsOf(all)("subscribe", "$user.bob")).toBe(false);
  });
});

describe("a claim of capabilities", () => {
  it("is taken as it is when it is whole", () => {
    const claim = [{ pattern: "chat.*", verbs: ["subscribe"] }];
    expect(capabilitiesOf(claim)).toEqual(claim);
    expect(capabilitiesOf([])).toEqual([]);
    expect(capabilitiesOf(undefined)).toBeUndefined();
  });

  it("leaves behind what else an entry holds", () => {
    expect(capabilitiesOf([{ pattern: "a", verbs: ["call"], admin: true }])).toEqual([
      { pattern: "a", verbs: ["call"] },
    ]);
  });

  it.each([
    [null],
    ["chat.*"],
    [{}],
    [{ "chat.*": ["subscribe"] }],
    [[null]],
    [["chat.*"]],
    [[{ pattern: "chat.*" }]],
    [[{ verbs: ["subscribe"] }]],
    [[{ pattern: 1, verbs: [] }]],
    [[{ pattern: "chat.*", verbs: "subscribe" }]],
    [[{ pattern: "chat.*", verbs: ["subscribe", "all"] }]],
    [[{ pattern: "chat.*", verbs: ["constructor"] }]],
    [[{ pattern: "chat..*", verbs: ["subscribe"] }]],
    [[{ pattern: "**.chat", verbs: ["subscribe"] }]],
    [Array.from({ length: 1_001 }, () => ({ pattern: "a", verbs: ["call"] }))],
  ])("that is anything else is refused: %j", (claim) => {
    expect(() => capabilitiesOf(claim)).toThrow(expect.objectContaining({ code: "token-invalid" }));
  });
});
