import { SignJWT } from "jose";
import type { TokenCapability } from "./capability.ts";

export interface TokenOptions {
  readonly user: string;
  /** At least 32 bytes (RFC 7518 section 3.2). */
  readonly secret: string;
  readonly expiresInMs: number;
  /** Left out: the user may do everything that the server does not forbid. */
  readonly capabilities?: readonly TokenCapability[];
}

/** Signs a token (RFC 7519, HS256) with the claims `sub`, `iat`, `exp` and `capabilities`. */
export function mintToken(options: TokenOptions): Promise<string> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  return new SignJWT(options.capabilities === undefined ? {} : { capabilities: options.capabilities })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(options.user)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + Math.ceil(options.expiresInMs / 1000))
    .sign(new TextEncoder().encode(options.secret));
}
