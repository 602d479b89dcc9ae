import { createPublicKey, createSecretKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { HawserError } from "@hawser/protocol";
import { createLocalJWKSet, createRemoteJWKSet, errors } from "jose";
import type { JSONWebKeySet, JWTVerifyGetKey } from "jose";

/** Algorithms of RFC 7518 and RFC 8037 that can be accepted. `none` is not among them. */
export type JwtAlgorithm =
  | "HS256"
  | "HS384"
  | "HS512"
  | "RS256"
  | "RS384"
  | "RS512"
  | "PS256"
  | "PS384"
  | "PS512"
  | "ES256"
  | "ES384"
  | "ES512"
  | "EdDSA";

/** Where the key comes from: exactly one of the four. */
export interface JwtKeyOptions {
  /** Shared secret for `HS...`: at least as long as the hash (RFC 7518, section 3.2), so 32 bytes for HS256. */
  readonly secret?: string | Uint8Array;
  /** Public key: PEM (SPKI, or a certificate's), or a `KeyObject`. */
  readonly publicKey?: string | KeyObject;
  /** A key set (RFC 7517) that does not change. */
  readonly jwks?: JSONWebKeySet;
  /**
   * Where a key set is fetched, `https:` (`http:` for loopback only). It is kept for ten minutes, and fetched anew for a
   * key that is not in it, at most every 30 seconds.
   */
  readonly jwksUrl?: string | URL;
}

type Family = "secret" | "rsa" | "ec" | "ed25519";

const familyOf: Readonly<Record<JwtAlgorithm, Family>> = {
  HS256: "secret",
  HS384: "secret",
  HS512: "secret",
  RS256: "rsa",
  RS384: "rsa",
  RS512: "rsa",
  PS256: "rsa",
  PS384: "rsa",
  PS512: "rsa",
  ES256: "ec",
  ES384: "ec",
  ES512: "ec",
  EdDSA: "ed25519",
};

const curveOf: Readonly<Record<string, string>> = { ES256: "prime256v1", ES384: "secp384r1", ES512: "secp521r1" };

/** RFC 7518, sections 3.3 and 3.5. */
const minRsaBits = 2_048;

const jwksFetchTimeoutMs = 5_000;
const jwksCooldownMs = 30_000;
const jwksMaxAgeMs = 600_000;

interface JwtKeyRequest extends JwtKeyOptions {
  readonly algorithms: readonly JwtAlgorithm[];
}

/**
 * The key for each token. A secret is never given out for an algorithm with public keys, nor a public key for one with
 * secrets, whatever a token's header says: that confusion would make a public key a signing secret (RFC 8725, section 2.1).
 */
export function jwtKeys(options: JwtKeyRequest): JWTVerifyGetKey {
  const families = familiesOf(options.algorithms);
  const sources = [options.secret, options.publicKey, options.jwks, options.jwksUrl].filter(
    (source) => source !== undefined,
  );
  if (sources.length !== 1) invalid("exactly one of secret, publicKey, jwks and jwksUrl must be given");
  if (options.secret !== undefined) return secretKey(options.secret, options.algorithms, families);
  if (families.has("secret")) invalid("HS algorithms need secret, and go with no public key");
  if (options.publicKey !== undefined) return publicKey(options.publicKey, options.algorithms, families);
  if (options.jwks !== undefined) return withoutSecrets(createLocalJWKSet(options.jwks));
  return withoutSecrets(remoteKeys(new URL(options.jwksUrl ?? "")));
}

function familiesOf(algorithms: readonly JwtAlgorithm[]): ReadonlySet<Family> {
  if (algorithms.length === 0) invalid("algorithms must name at least one");
  return new Set(
    algorithms.map((algorithm) => {
      if (!Object.hasOwn(familyOf, algorithm)) invalid(`the algorithm ${algorithm} is not known`);
      return familyOf[algorithm];
    }),
  );
}

function secretKey(
  secret: string | Uint8Array,
  algorithms: readonly JwtAlgorithm[],
  families: ReadonlySet<Family>,
): JWTVerifyGetKey {
  if (families.size !== 1 || !families.has("secret")) invalid("secret goes with HS algorithms only");
  const bytes = typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
  const needed = Math.max(...algorithms.map((algorithm) => Number(algorithm.slice(2)) / 8));
  if (bytes.length < needed) invalid(`secret must have at least ${needed} bytes`);
  const key = createSecretKey(bytes);
  return () => key;
}

function publicKey(
  given: string | KeyObject,
  algorithms: readonly JwtAlgorithm[],
  families: ReadonlySet<Family>,
): JWTVerifyGetKey {
  const key = readPublicKey(given);
  const [family] = families;
  if (families.size !== 1 || key.asymmetricKeyType !== family) {
    invalid(`a key of type ${key.asymmetricKeyType ?? "unknown"} does not fit ${algorithms.join(", ")}`);
  }
  if (family === "rsa" && (key.asymmetricKeyDetails?.modulusLength ?? 0) < minRsaBits)
    invalid(`an RSA key must have at least ${minRsaBits} bits`);
  if (family === "ec" && algorithms.some((algorithm) => curveOf[algorithm] !== key.asymmetricKeyDetails?.namedCurve)) {
    invalid(
      `a key on the curve ${key.asymmetricKeyDetails?.namedCurve ?? "unknown"} does not fit ${algorithms.join(", ")}`,
    );
  }
  return () => key;
}

function readPublicKey(given: string | KeyObject): KeyObject {
  if (typeof given !== "string") {
    if (given.type !== "public") invalid("publicKey must be a public key");
    return given;
  }
  // Node would derive the public key from a private one; a private key has no business on a server that only verifies.
  if (given.includes("PRIVATE KEY")) invalid("publicKey is a private key: give the public one");
  try {
    return createPublicKey(given);
  } catch {
    return invalid("publicKey is not a public key in PEM form");
  }
}

function remoteKeys(url: URL): JWTVerifyGetKey {
  const loopback = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && loopback)) invalid("jwksUrl must be https");
  return createRemoteJWKSet(url, {
    timeoutDuration: jwksFetchTimeoutMs,
    cooldownDuration: jwksCooldownMs,
    cacheMaxAge: jwksMaxAgeMs,
  });
}

/** A key set may hold secrets too (`kty` `oct`): they are never used. */
function withoutSecrets(keys: JWTVerifyGetKey): JWTVerifyGetKey {
  return async (header, token) => {
    const key = await keys(header, token);
    if (key instanceof Uint8Array || ("type" in key && key.type === "secret")) throw new errors.JWKSNoMatchingKey();
    return key;
  };
}

function invalid(reason: string): never {
  throw new HawserError("option-invalid", `jwt: ${reason}.`);
}
