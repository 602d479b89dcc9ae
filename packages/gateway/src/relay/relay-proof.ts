import { createHmac, timingSafeEqual } from "node:crypto";
import { HawserError } from "@hawser/protocol";

/** The header in which each side of a link proves that it has the service's secret. */
export const proofHeader = "x-hawser-relay";

/** A proof is taken for so long on either side of its time: clocks of nodes differ. */
const mostSkewMs = 60_000;
/** Proofs that are remembered, so that none is taken twice. */
const maxRemembered = 10_000;
const leastSecretBytes = 32;

/** @throws HawserError `option-invalid` for one that is too short. */
export function relaySecret(secret: string | Uint8Array): Buffer {
  const bytes = Buffer.from(secret);
  if (bytes.length < leastSecretBytes)
    throw new HawserError("option-invalid", `relay.secret must have at least ${leastSecretBytes} bytes.`);
  return bytes;
}

/** What a node shows to the one that it dials: the time, a number used once, and their signature. */
export function proofOf(secret: Buffer, now: number, once: Uint8Array): string {
  const head = `${now}.${Buffer.from(once).toString("base64url")}`;
  return `${head}.${signature(secret, `hawser relay 1 ${head}`)}`;
}

/** What the other shows in return. */
export function answerTo(secret: Buffer, proof: string): string {
  return signature(secret, `hawser relay answer 1 ${proof}`);
}

/** Whether two signatures are the same; takes the same time wherever they differ. */
export function sameProof(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Judges the proofs of those who dial this node. */
export class ProofJudge {
  readonly #secret: Buffer;
  /** Those that were taken, with the time until which they would be again. */
  readonly #taken = new Map<string, number>();

  constructor(secret: Buffer) {
    this.#secret = secret;
  }

  /** Whether it is one of now, and was not shown before. */
  take(proof: string, now: number): boolean {
    const [time = "", once = "", signed = "", ...rest] = proof.split(".");
    if (rest.length > 0 || !/^\d{1,16}$/.test(time) || Math.abs(Number(time) - now) > mostSkewMs) return false;
    if (!sameProof(signed, signature(this.#secret, `hawser relay 1 ${time}.${once}`))) return false;
    for (const [known, until] of this.#taken) {
      if (until >= now && this.#taken.size < maxRemembered) break;
      this.#taken.delete(known);
    }
    if (this.#taken.has(once)) return false;
    this.#taken.set(once, Number(time) + mostSkewMs);
    return true;
  }
}

function signature(secret: Buffer, text: string): string {
  return createHmac("sha256", secret).update(text).digest("base64url");
}
