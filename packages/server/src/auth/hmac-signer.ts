import { createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import { HawserError } from "@hawser/protocol";
import type { Signer } from "./grant.ts";

/** Shorter secrets can be guessed. */
const minSecretBytes = 16;

/**
 * Signs with HMAC-SHA256 (RFC 2104).
 *
 * @param secret - At least 16 bytes (of UTF-8, if it is a string); the same on all nodes of a service.
 * @throws HawserError `option-invalid` when it is shorter.
 */
export function hmacSigner(secret: string | Uint8Array): Signer {
  const bytes = typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
  if (bytes.length < minSecretBytes)
    throw new HawserError("option-invalid", `secret must have at least ${minSecretBytes} bytes.`);
  // A KeyObject does not show its bytes when something that holds it is printed.
  const key = createSecretKey(bytes);
  const sign = (data: Uint8Array): Uint8Array => new Uint8Array(createHmac("sha256", key).update(data).digest());
  return {
    sign,
    verify: (data, signature) => {
      const expected = sign(data);
      return signature.length === expected.length && timingSafeEqual(signature, expected);
    },
  };
}
