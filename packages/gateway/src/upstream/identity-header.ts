import { createHmac } from "node:crypto";
import type { Clock } from "@hawser/protocol";

/** The header that tells a target whose socket it is. */
export const identityHeader = "x-hawser-identity";

/** How long what it says is good: for the handshake. */
const goodForSeconds = 60;

/** Whose socket it is. */
export interface ShownIdentity {
  readonly user: string;
  readonly pool: string;
  /** Of a virtual socket. */
  readonly session?: string;
  readonly address: string;
}

/**
 * The header's value: a JSON Web Token (RFC 7519), signed with HS256, so that a target can check it with any library. `sub` is the
 * user, `aud` the pool, `iss` is `hawser-gateway`; it expires after a minute.
 */
export function identityToken({ user, pool, session, address }: ShownIdentity, secret: string, clock: Clock): string {
  const now = Math.floor(clock.now() / 1_000);
  const claims = { iss: "hawser-gateway", sub: user, aud: pool, iat: now, exp: now + goodForSeconds, session, address };
  const content = `${encoded({ alg: "HS256", typ: "JWT" })}.${encoded(claims)}`;
  return `${content}.${createHmac("sha256", secret).update(content).digest("base64url")}`;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
