import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { grantBytes, signGrant, verifyGrant } from "../../src/auth/grant.ts";
import { hmacSigner } from "../../src/auth/hmac-signer.ts";

const signer = hmacSigner("a secret of at least sixteen bytes");
const start = { epoch: 2 ** 53 - 1, offset: 12 };

describe("a grant [SUB-11]", () => {
  it("tells its user where it began in its channel", () => {
    const grant = signGrant(signer, "ann", "chat.general", start);
    expect(grant).toHaveLength(grantBytes);
    expect(verifyGrant(signer, grant, "ann", "chat.general")).toEqual(start);
  });

  it("is worth nothing to another user, for another channel, or with another secret", () => {
    const grant = signGrant(signer, "ann", "chat.general", start);
    expect(verifyGrant(signer, grant, "bob", "chat.general")).toBeUndefined();
    expect(verifyGrant(signer, grant, "ann", "chat.other")).toBeUndefined();
    expect(verifyGrant(hmacSigner("another secret of sixteen bytes"), grant, "ann", "chat.general")).toBeUndefined();
  });

  it("does not move letters from user to channel", () => {
    const grant = signGrant(signer, "ann", "achat", start);
    expect(verifyGrant(signer, grant, "anna", "chat")).toBeUndefined();
    expect(verifyGrant(signer, signGrant(signer, "", "ab", start), "ab", "")).toBeUndefined();
  });

  it("is worth nothing after any change of a bit", () => {
    const grant = signGrant(signer, "ann", "chat.general", start);
    for (let bit = 0; bit < grant.length * 8; bit += 1) {
      const changed = grant.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(verifyGrant(signer, changed, "ann", "chat.general")).toBeUndefined();
    }
  });

  it("cannot be made up: whatever bytes come are answered, and refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(verifyGrant(signer, bytes, "ann", "chat.general")).toBeUndefined();
      }),
    );
  });

  it("carries every epoch and offset", () => {
    const integer = fc.nat({ max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(fc.string(), fc.string(), integer, integer, (user, channel, epoch, offset) => {
        expect(verifyGrant(signer, signGrant(signer, user, channel, { epoch, offset }), user, channel)).toEqual({
          epoch,
          offset,
        });
      }),
    );
  });
});

describe("the signer", () => {
  it("refuses a secret that can be guessed", () => {
    expect(() => hmacSigner("fifteen bytes..")).toThrow(expect.objectContaining({ code: "option-invalid" }));
    expect(() => hmacSigner(new Uint8Array(15))).toThrow(expect.objectContaining({ code: "option-invalid" }));
    expect(hmacSigner(new Uint8Array(16)).sign(new Uint8Array())).toHaveLength(32);
  });

  it("takes the same secret as text and as bytes", () => {
    const text = "sixteen bytes ok";
    const data = new Uint8Array([1, 2, 3]);
    expect(hmacSigner(text).verify(data, hmacSigner(new TextEncoder().encode(text)).sign(data))).toBe(true);
  });

  it("refuses a signature of another length", () => {
    const data = new Uint8Array([1]);
    expect(signer.verify(data, signer.sign(data).subarray(0, 31))).toBe(false);
    expect(signer.verify(data, new Uint8Array())).toBe(false);
  });
});
