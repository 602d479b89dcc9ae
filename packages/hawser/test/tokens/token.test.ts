import { jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { main } from "../../src/main.ts";
import { parseCapability } from "../../src/tokens/capability.ts";
import { parseDuration } from "../../src/duration.ts";
import { testWorld } from "../world.ts";

const secret = "0123456789abcdef0123456789abcdef";

describe("hawser token", () => {
  it("prints a token that holds for the secret, and nothing else", async () => {
    const world = testWorld({ environment: { HAWSER_SECRET: secret } });
    expect(
      await main(["token", "--user", "ann", "--expires-in", "2h", "--allow", "subscribe+history:chat.*"], world),
    ).toBe(0);
    const { payload, protectedHeader } = await jwtVerify(world.out().trim(), new TextEncoder().encode(secret));
    expect(protectedHeader.alg).toBe("HS256");
    expect(payload).toMatchObject({
      sub: "ann",
      capabilities: [{ pattern: "chat.*", verbs: ["subscribe", "history"] }],
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(7200);
    expect(world.errors()).toBe("");
  });

  it("gives every right when none is named", async () => {
    const world = testWorld({ environment: { HAWSER_SECRET: secret } });
    await main(["token", "--user", "ann"], world);
    const { payload } = await jwtVerify(world.out().trim(), new TextEncoder().encode(secret));
    expect(payload).not.toHaveProperty("capabilities");
  });

  it.each([
    [["token"], "--user"],
    [["token", "--user", "ann"], "--secret-file"],
    [["token", "--user", "ann", "--secret", "short-secret"], "at least 32 bytes"],
    [["token", "--user", "ann", "--secret", secret, "--expires-in", "soon"], "--expires-in"],
    [["token", "--user", "ann", "--secret", secret, "--allow", "shout:chat"], "--allow knows the verbs"],
  ])("refuses %j with exit code 2", async (words, text) => {
    const world = testWorld();
    expect(await main(words, world)).toBe(2);
    expect(world.errors()).toContain(text);
    expect(world.errors()).not.toContain("short-secret");
    expect(world.out()).toBe("");
  });
});

describe("parseCapability", () => {
  it("reads verbs and a pattern", () => {
    expect(parseCapability("publish:chat.*")).toEqual({ pattern: "chat.*", verbs: ["publish"] });
    expect(parseCapability("call+history")).toEqual({ pattern: "**", verbs: ["call", "history"] });
  });

  it.each(["", "publish:", "publish:a..b", "publish:a b", "publish+:a"])("refuses %j", (text) => {
    expect(() => parseCapability(text)).toThrow("--allow");
  });
});

describe("parseDuration", () => {
  it("reads seconds, minutes, hours and days", () => {
    expect(["90s", "15m", "12h", "30d"].map((text) => parseDuration(text, "x"))).toEqual([
      90_000, 900_000, 43_200_000, 2_592_000_000,
    ]);
  });

  it.each(["", "0s", "5", "5w", "-5s", "1.5h", "99999999999999999d"])("refuses %j", (text) => {
    expect(() => parseDuration(text, "--expires-in")).toThrow("--expires-in must be a time");
  });
});
