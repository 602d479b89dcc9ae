import type { LogCapabilities } from "@hawser/log";
import { describe, expect, it } from "vitest";
import { channelPolicies, defaultChannelPolicy, defaultInboxPolicy } from "../../src/policy/channel-options.ts";
import type { ChannelOptions } from "../../src/policy/channel-options.ts";

const able: LogCapabilities = {
  name: "able",
  durabilities: ["memory", "commit", "flush"],
  deduplicates: true,
  history: "indexed",
  ephemeral: true,
};
const MiB = 1024 * 1024;
const policies = (
  options: readonly unknown[],
  log: Partial<LogCapabilities> = {},
): ReturnType<typeof channelPolicies> =>
  channelPolicies(options as readonly ChannelOptions[], { ...able, ...log }, MiB);
const invalid = (...parts: string[]): unknown => {
  const pattern = new RegExp(parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*"));
  return expect.objectContaining({ code: "option-invalid", message: expect.stringMatching(pattern) });
};

describe("the policy of a channel", () => {
  it("is the default where no pattern names it", () => {
    expect(policies([])("chat.general")).toEqual(defaultChannelPolicy);
    expect(defaultChannelPolicy).toMatchObject({
      durability: "commit",
      retainCount: 10_000,
      deduplicateMs: 3_600_000,
      maxPayloadBytes: 262_144,
    });
  });

  it("is that of the first pattern that matches", () => {
    const policyOf = policies([
      { pattern: "chat.news", clientsPublish: false },
      { pattern: "chat.*", publishesPerSecond: 5 },
      { pattern: "**", maxPayloadBytes: 10 },
    ]);
    expect(policyOf("chat.news")).toEqual({ ...defaultChannelPolicy, clientsPublish: false });
    expect(policyOf("chat.general")).toEqual({ ...defaultChannelPolicy, publishesPerSecond: 5 });
    expect(policyOf("chat.a.b")).toEqual({ ...defaultChannelPolicy, maxPayloadBytes: 10 });
  });

  it("has every option in its place", () => {
    const policyOf = policies([
      {
        pattern: "a",
        retention: { count: 1, bytes: 2, ageMs: 3 },
        durability: "flush",
        deduplicateMs: 4,
        maxPayloadBytes: 5,
        publishesPerSecond: 0.5,
        clientsPublish: false,
        compress: false,
        lane: "bulk",
        conflate: true,
        deliveriesPerSecond: 6,
      },
    ]);
    expect(policyOf("a")).toEqual({
      durability: "flush",
      retainCount: 1,
      retainBytes: 2,
      retainAgeMs: 3,
      deduplicateMs: 4,
      maxPayloadBytes: 5,
      publishesPerSecond: 0.5,
      clientsPublish: false,
      compress: false,
      lane: "bulk",
      conflate: true,
      deliveriesPerSecond: 6,
    });
  });

  it("of an inbox is its own, and no pattern of channels reaches it", () => {
    const policyOf = policies([{ pattern: "**", maxPayloadBytes: 10 }]);
    expect(policyOf("$user.ann")).toEqual(defaultInboxPolicy);
    expect(policyOf("$user.ann@example.com")).toEqual(defaultInboxPolicy);
    expect(defaultInboxPolicy.clientsPublish).toBe(false);
    expect([policyOf("$user.ann").compress, policyOf("ann").compress]).toEqual([false, true]);
  });

  it("of inboxes can be changed with their own pattern", () => {
    const policyOf = policies([{ pattern: "$user.**", retention: { count: 5 } }]);
    expect(policyOf("$user.ann@example.com")).toEqual({ ...defaultInboxPolicy, retainCount: 5 });
    expect(policyOf("user.ann")).toEqual(defaultChannelPolicy);
  });

  it("is not larger in payloads than a message may be", () => {
    expect(channelPolicies([], able, 1_000)("a").maxPayloadBytes).toBe(1_000);
  });
});

describe("options that are wrong", () => {
  it.each<[unknown, string]>([
    [{ pattern: "a", retentoin: {} }, "retentoin"],
    [{ pattern: "a", retention: { counts: 1 } }, "retention.counts"],
    [{ pattern: "a", retention: { count: -1 } }, "retention.count"],
    [{ pattern: "a", retention: { count: 1.5 } }, "retention.count"],
    [{ pattern: "a", retention: { bytes: 0 } }, "retention.bytes"],
    [{ pattern: "a", retention: { ageMs: 0 } }, "retention.ageMs"],
    [{ pattern: "a", durability: "always" }, "durability"],
    [{ pattern: "a", deduplicateMs: -1 }, "deduplicateMs"],
    [{ pattern: "a", maxPayloadBytes: 0 }, "maxPayloadBytes"],
    [{ pattern: "a", maxPayloadBytes: MiB + 1 }, "maxPayloadBytes"],
    [{ pattern: "a", publishesPerSecond: -1 }, "publishesPerSecond"],
    [{ pattern: "a", publishesPerSecond: Number.NaN }, "publishesPerSecond"],
    [{ pattern: "a", clientsPublish: "no" }, "clientsPublish"],
    [{ pattern: "a", compress: "no" }, "compress"],
    [{ pattern: "a", lane: "fast" }, "lane"],
    [{ pattern: "a", conflate: 1 }, "conflate"],
    [{ pattern: "a", deliveriesPerSecond: -1 }, "deliveriesPerSecond"],
    [{ pattern: "a..b" }, "a..b"],
    [{ pattern: "$inbox" }, "$user.**"],
    [{ pattern: "$user.*" }, "$user.**"],
    [{ pattern: "$user.**", clientsPublish: true }, "clientsPublish"],
  ])("are refused with the name of the option: %j", (option, name) => {
    expect(() => policies([option])).toThrow(invalid(name));
  });

  it.each([{}, null, "chat.*", { pattern: 5 }])("are refused without a pattern: %j", (option) => {
    expect(() => policies([{ pattern: "a" }, option])).toThrow(invalid("channels[1]", "pattern"));
  });
});

describe("what the log cannot keep", () => {
  it.each<[Partial<LogCapabilities>, unknown, string]>([
    [{ durabilities: ["memory"] }, { durability: "commit" }, "durability commit"],
    [{ durabilities: ["memory", "commit"] }, { durability: "flush" }, "durability flush"],
    [{ durabilities: ["commit"] }, { durability: "memory" }, "durability memory"],
    [{ deduplicates: false }, { deduplicateMs: 5 }, "de-duplicate"],
    [{ ephemeral: false }, { retention: { count: 0 } }, "retention.count"],
    [{ history: "none" }, { retention: { count: 5 } }, "retention.count"],
  ])("is refused: %j with %j", (log, option, name) => {
    expect(() => policies([{ pattern: "a", ...(option as object) }], log)).toThrow(invalid("the able log", name));
    expect(() => policies([{ pattern: "a", ...(option as object) }])).not.toThrow();
  });

  it("is not asked for by a default", () => {
    const policyOf = policies([{ pattern: "a", publishesPerSecond: 5 }], {
      durabilities: ["memory"],
      deduplicates: false,
      history: "none",
    });
    for (const channel of ["a", "b", "$user.ann"]) {
      expect(policyOf(channel)).toMatchObject({ durability: "memory", deduplicateMs: 0, retainCount: 0 });
    }
    expect(policies([], { durabilities: ["flush"] })("a").durability).toBe("flush");
  });

  it("may be asked for as not at all", () => {
    expect(policies([{ pattern: "a", deduplicateMs: 0 }], { deduplicates: false })("a").deduplicateMs).toBe(0);
  });
});

describe("the presence of a channel", () => {
  it("is none, the default, or what is named of it", () => {
    const policyOf = policies([
      { pattern: "a", presence: true },
      { pattern: "b", presence: { graceMs: 5, maxMembers: 6, maxMembersPerUser: 7 } },
      { pattern: "c", presence: false },
    ]);
    expect(policyOf("a").presence).toEqual({
      graceMs: 10_000,
      maxMembers: 10_000,
      maxMembersPerUser: 100,
      maxStateBytes: 1_024,
    });
    expect(policyOf("b").presence).toEqual({ graceMs: 5, maxMembers: 6, maxMembersPerUser: 7, maxStateBytes: 1_024 });
    expect([policyOf("c").presence, policyOf("d").presence]).toEqual([undefined, undefined]);
  });

  it("takes an option that is undefined for one that is not given", () => {
    const presence = {
      graceMs: undefined,
      maxMembers: undefined,
      maxMembersPerUser: undefined,
      maxStateBytes: undefined,
    };
    const policyOf = policies([{ pattern: "a", presence }]);
    expect(policyOf("a").presence).toEqual({
      graceMs: 10_000,
      maxMembers: 10_000,
      maxMembersPerUser: 100,
      maxStateBytes: 1_024,
    });
  });

  it("is refused where it is out of its range, unknown, for inboxes, or on a log that keeps nothing", () => {
    const most = Number.MAX_SAFE_INTEGER;
    const highest = { graceMs: 100_000, maxMembers: most, maxMembersPerUser: most, maxStateBytes: 16_384 };
    for (const [name, most] of Object.entries(highest)) {
      expect(policies([{ pattern: "a", presence: { [name]: most } }])("a").presence).toMatchObject({ [name]: most });
      for (const value of [0, 1.5, most + 1, "5", null]) {
        expect(() => policies([{ pattern: "a", presence: { [name]: value } }])).toThrow(invalid(`presence.${name}`));
      }
    }
    expect(() => policies([{ pattern: "a", presence: { grace: 1 } }])).toThrow(invalid("presence.grace"));
    for (const presence of [1, "yes", null]) {
      expect(() => policies([{ pattern: "a", presence }])).toThrow(invalid("presence must be"));
    }
    expect(() => policies([{ pattern: "$user.**", presence: true }])).toThrow(invalid("inboxes"));
    expect(() => policies([{ pattern: "a", presence: true }], { history: "none" })).toThrow(invalid("keeps nothing"));
  });

  it("is kept in channels of the service's own, for longer than anything in it is not said again", () => {
    const policyOf = policies([{ pattern: "**", retention: { count: 1 } }]);
    for (const name of ["$presence", "$presence.a"]) {
      expect(policyOf(name)).toMatchObject({ durability: "memory", retainAgeMs: 300_000, clientsPublish: false });
    }
  });
});
