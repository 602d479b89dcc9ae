/** What a token of the simulated application says. */
export interface TokenClaims {
  readonly user: string;
  readonly expiresAt?: number;
}

/** @param expiresAt - milliseconds since 1970; `undefined`: never. */
export function tokenOf(user: string, expiresAt: number | undefined): string {
  return JSON.stringify(expiresAt === undefined ? { user } : { user, expiresAt });
}

/** The claims, or `undefined` for what is no token. */
export function userOf(token: string): TokenClaims | undefined {
  try {
    return JSON.parse(token) as TokenClaims;
  } catch {
    return undefined;
  }
}
