import { SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { adminCheck, adminToken } from "../../src/admin/admin-token.ts";
import { SimulatedPorts } from "../support/simulated-ports.ts";

const secret = "a secret of the tests, with more than 32 bytes";
const other = "another secret, which has more than 32 bytes too";
const clock = new SimulatedPorts();
const check = adminCheck([secret], clock);

/** Signed with the secret itself, as tokens of users are. */
const signed = (claims: Record<string, unknown>): Promise<string> => {
  const nowSeconds = Math.floor(clock.now() / 1_000);
  return new SignJWT({ aud: "hawser-admin", iat: nowSeconds, exp: nowSeconds + 60, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(secret));
};

describe("an admin token", () => {
  it("is good for a server with its secret, and for one that has it among others", async () => {
    const token = await adminToken(secret, { clock });
    expect(await check(token)).toBe(true);
    expect(await adminCheck([other, secret], clock)(token)).toBe(true);
    expect(await adminCheck([other], clock)(token)).toBe(false);
    expect(await adminCheck([], clock)(token)).toBe(false);
  });

  it("is no token of a user, whatever that one claims", async () => {
    expect(await check(await signed({ sub: "ann" }))).toBe(false);
    expect(await check(await signed({ sub: "ann", capabilities: [{ pattern: "**", verbs: ["admin"] }] }))).toBe(false);
  });

  it("is good until it expires, and for an hour at most", async () => {
    const time = new SimulatedPorts();
    const now = adminCheck([secret], time);
    const short = await adminToken(secret, { clock: time, expiresInMs: 10_000 });
    const long = await adminToken(secret, { clock: time, expiresInMs: 86_400_000 });
    time.stall(14_000);
    expect(await now(short)).toBe(true);
    time.stall(2_000);
    expect(await now(short)).toBe(false);
    time.stall(3_600_000 - 16_000);
    expect(await now(long)).toBe(true);
    time.stall(6_000);
    expect(await now(long)).toBe(false);
  });

  it.each(["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.eyJhdWQiOiJoYXdzZXItYWRtaW4ifQ.", secret, "a".repeat(100_000)])(
    "is not %.40j",
    async (text) => {
      expect(await check(text)).toBe(false);
    },
  );

  it("needs a secret of at least 32 bytes", async () => {
    expect(() => adminCheck(["x".repeat(32)], clock)).not.toThrow();
    expect(() => adminCheck(["x".repeat(31)], clock)).toThrow(expect.objectContaining({ code: "option-invalid" }));
    expect(() => adminCheck([5 as unknown as string], clock)).toThrow("adminSecret");
  });
});
