import { describe, expect, it } from "vitest";
import { answerTo, ProofJudge, proofOf, relaySecret, sameProof } from "../../src/relay/relay-proof.ts";

const secret = relaySecret("a secret of the service, 32 bytes");
const once = (byte: number): Uint8Array => new Uint8Array(16).fill(byte);
const now = 1_800_000_000_000;

describe("the proof of a node that dials another", () => {
  it("is taken once", () => {
    const judge = new ProofJudge(secret);
    const proof = proofOf(secret, now, once(1));
    expect(judge.take(proof, now + 5)).toBe(true);
    expect(judge.take(proof, now + 6)).toBe(false);
    expect(judge.take(proofOf(secret, now, once(2)), now + 6)).toBe(true);
  });

  it("is taken for a minute on either side of its time, and is remembered for as long", () => {
    const judge = new ProofJudge(secret);
    const proof = proofOf(secret, now, once(1));
    expect(judge.take(proof, now + 60_001)).toBe(false);
    expect(judge.take(proof, now - 60_001)).toBe(false);
    expect(judge.take(proof, now - 60_000)).toBe(true);
    expect(judge.take(proofOf(secret, now, once(2)), now + 60_000)).toBe(true);
    expect(judge.take(proof, now + 60_000)).toBe(false);
  });

  it("is nothing with another secret, another time, or another form", () => {
    const judge = new ProofJudge(secret);
    const [, rest] = proofOf(secret, now, once(1)).split(/\.(.*)/);
    const other = relaySecret("another secret of the service, 32 bytes");
    const wrong = [
      proofOf(other, now, once(1)),
      `${now + 1}.${rest}`,
      "",
      "..",
      `${now}`,
      `${now}.${rest}.x`,
      `1e12.${rest}`,
    ];
    for (const proof of wrong) expect(judge.take(proof, now)).toBe(false);
  });

  it("is answered by a proof of the other, which no other secret gives", () => {
    const proof = proofOf(secret, now, once(1));
    const other = relaySecret("another secret of the service, 32 bytes");
    expect(sameProof(answerTo(secret, proof), answerTo(secret, proof))).toBe(true);
    expect(sameProof(answerTo(other, proof), answerTo(secret, proof))).toBe(false);
    expect(sameProof("", answerTo(secret, proof))).toBe(false);
  });

  it("needs a secret of at least 32 bytes", () => {
    expect(() => relaySecret("x".repeat(31))).toThrow(expect.objectContaining({ code: "option-invalid" }));
    expect(relaySecret(new Uint8Array(32))).toHaveLength(32);
  });
});
