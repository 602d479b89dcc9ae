import { HawserError } from "@hawser/protocol";
import { errors, jwtVerify } from "jose";
import type { JWTPayload, JWTVerifyGetKey } from "jose";
import { capabilitiesOf } from "./capabilities.ts";
import type { Authenticate, Identity } from "./identity.ts";
import { jwtKeys } from "./jwt-keys.ts";
import type { JwtAlgorithm, JwtKeyOptions } from "./jwt-keys.ts";
import { isUserName } from "./user-name.ts";

/** Which tokens are accepted, and what is read from them. */
export interface JwtOptions extends JwtKeyOptions {
  /**
   * The algorithms that are accepted; at least one, all of the kind that the key is for (`HS...` with `secret`, the
   * others with `publicKey`, `jwks` and `jwksUrl`). `none` is never accepted.
   */
  readonly algorithms: readonly JwtAlgorithm[];
  /** `iss` that is accepted, or several. Default: not looked at. */
  readonly issuer?: string | readonly string[];
  /** `aud` of which one must be in the token. Default: not looked at. */
  readonly audience?: string | readonly string[];
  /** The claim that names the user. Default `sub`. */
  readonly userClaim?: string;
  /** The claim that holds capabilities: `[{ "pattern": "chat.*", "verbs": ["subscribe"] }]`. Default `capabilities`. */
  readonly capabilitiesClaim?: string;
  /** How far clocks may differ, for `exp`, `nbf` and `iat`. Default 5. */
  readonly clockToleranceSeconds?: number;
  /** Whether a token without `exp` is refused. Default true. */
  readonly requireExpiry?: boolean;
}

/**
 * Takes a JSON Web Token (RFC 7519) for the user that it names, and gives its claims to the application.
 *
 * Refuses with `token-expired` a token that is past its `exp`, and with `token-invalid` every other that does not hold;
 * when a key set cannot be fetched, with `internal` (retry), since then nothing is known of the token. No text of the
 * token is in any of these errors.
 *
 * @throws HawserError `option-invalid` when key and algorithms do not fit each other (RFC 8725, section 3.1).
 * @example
 * jwt({ algorithms: ["RS256"], jwksUrl: "https://id.example.com/.well-known/jwks.json", audience: "chat" });
 */
export function jwt(options: JwtOptions): Authenticate {
  const keys = jwtKeys(options);
  const toleranceSeconds = options.clockToleranceSeconds ?? 5;
  if (!(toleranceSeconds >= 0 && toleranceSeconds <= 3_600)) {
    throw new HawserError("option-invalid", "jwt: clockToleranceSeconds must be from 0 to 3600.");
  }
  const userClaim = options.userClaim ?? "sub";
  const capabilitiesClaim = options.capabilitiesClaim ?? "capabilities";
  const verifyOptions = {
    algorithms: [...options.algorithms],
    clockTolerance: toleranceSeconds,
    requiredClaims: (options.requireExpiry ?? true) ? ["exp"] : [],
    ...(options.issuer === undefined ? {} : { issuer: listOf(options.issuer) }),
    ...(options.audience === undefined ? {} : { audience: listOf(options.audience) }),
  };
  return async ({ token }) => {
    const claims = await verify(token, keys, verifyOptions);
    const user = claim(claims, userClaim);
    if (typeof user !== "string" || !isUserName(user)) {
      throw new HawserError(
        "token-invalid",
        `The token's claim ${userClaim} does not name a user (1 to 128 bytes, no white space).`,
      );
    }
    const capabilities = capabilitiesOf(claim(claims, capabilitiesClaim));
    const identity: Identity = {
      user,
      claims,
      ...(capabilities === undefined ? {} : { capabilities }),
      // What is still accepted now must not be taken for expired in the same moment.
      ...(claims.exp === undefined ? {} : { expiresAt: (claims.exp + toleranceSeconds) * 1_000 }),
    };
    return identity;
  };
}

async function verify(
  token: string,
  keys: JWTVerifyGetKey,
  options: Parameters<typeof jwtVerify>[2],
): Promise<JWTPayload> {
  if (token === "") {
    throw new HawserError("token-invalid", "No token was given, and this server asks for one: a JSON Web Token.");
  }
  try {
    return (await jwtVerify(token, keys, options)).payload;
  } catch (error) {
    throw refusal(error);
  }
}

/** What is wrong with the key set or the way to it; of the token it says nothing. */
const keySetFailures: ReadonlySet<string> = new Set(["ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID", "ERR_JOSE_GENERIC"]);

/** `jose` names parts of tokens in some messages, so none of its text goes on: its code does. */
function refusal(error: unknown): HawserError {
  if (error instanceof errors.JWTExpired) {
    return new HawserError("token-expired", "The token has expired: connect again with a fresh one.", { retry: true });
  }
  if (!(error instanceof errors.JOSEError) || keySetFailures.has(error.code)) {
    return new HawserError("internal", "The key set for tokens cannot be had now: try again.", { retry: true });
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return new HawserError(
      "token-invalid",
      `The token was refused: its claim ${knownClaim(error.claim)} does not hold.`,
    );
  }
  return new HawserError(
    "token-invalid",
    `The token was refused (${error.code}): it is no token that this server accepts.`,
  );
}

function knownClaim(name: string): string {
  return ["iss", "aud", "sub", "exp", "nbf", "iat"].includes(name) ? name : "(another)";
}

function claim(claims: JWTPayload, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

function listOf(value: string | readonly string[]): string[] {
  return typeof value === "string" ? [value] : [...value];
}
