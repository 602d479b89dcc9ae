import { createHmac, createSecretKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { HawserError, systemPorts } from "@hawser/protocol";
import type { Clock } from "@hawser/protocol";
import { jwtVerify, SignJWT } from "jose";

/** What an operator's program shows to a server. */
export interface AdminTokenOptions {
  /** How long it is good, in milliseconds; a server takes none that is older than an hour. Default 60,000. */
  readonly expiresInMs?: number;
  /** What the time is taken from. Default: the system's. */
  readonly clock?: Clock;
}

/** Shorter secrets can be guessed. */
const minSecretBytes = 32;
const maxAgeSeconds = 3_600;
const maxTokenCharacters = 1_024;
const audience = "hawser-admin";

/**
 * Makes a token (RFC 7519, HS256) with which `/admin/drain` can be asked of a server that has the same `adminSecret`. It is
 * signed with a key that is derived from the secret, so that no token of a user, whatever its claims, is one.
 *
 * @throws HawserError `option-invalid` for a secret below 32 bytes.
 */
export function adminToken(secret: string | Uint8Array, options: AdminTokenOptions = {}): Promise<string> {
  const { expiresInMs = 60_000, clock = systemPorts().clock } = options;
  const nowSeconds = Math.floor(clock.now() / 1_000);
  return new SignJWT()
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setAudience(audience)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + Math.ceil(expiresInMs / 1_000))
    .sign(adminKey(secret));
}

/** Says whether a token is one of `adminToken`, of any of the secrets. Does not reject. */
export type AdminCheck = (token: string) => Promise<boolean>;

/** @throws HawserError `option-invalid` for a secret below 32 bytes. */
export function adminCheck(secrets: readonly (string | Uint8Array)[], clock: Clock): AdminCheck {
  const keys = secrets.map(adminKey);
  return async (token) => {
    if (token.length > maxTokenCharacters) return false;
    for (const key of keys) if (await holds(token, key, clock)) return true;
    return false;
  };
}

/** The signature is compared in constant time (Web Cryptography, HMAC verify). */
async function holds(token: string, key: KeyObject, clock: Clock): Promise<boolean> {
  try {
    await jwtVerify(token, key, {
      algorithms: ["HS256"],
      audience,
      requiredClaims: ["exp", "iat"],
      maxTokenAge: maxAgeSeconds,
      clockTolerance: 5,
      currentDate: new Date(clock.now()),
    });
    return true;
  } catch {
    return false;
  }
}

function adminKey(secret: string | Uint8Array): KeyObject {
  const bytes = typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
  if (!(bytes instanceof Uint8Array) || bytes.length < minSecretBytes)
    throw new HawserError("option-invalid", `adminSecret must have at least ${minSecretBytes} bytes.`);
  return createSecretKey(createHmac("sha256", bytes).update("hawser admin, version 1").digest());
}
