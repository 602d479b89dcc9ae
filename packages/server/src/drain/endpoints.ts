import { HawserError } from "@hawser/protocol";

/** As many as a client takes of one `move`. */
export const maxEndpoints = 32;
const maxEndpointCharacters = 2_048;

/**
 * Looks at a list of public addresses of nodes.
 *
 * @param name what messages call it.
 * @throws HawserError `option-invalid` for more than 32, and for what is not an address such as `wss://b.example.org/hawser`.
 */
export function checkEndpoints(name: string, endpoints: readonly string[]): void {
  const refuse = (reason: string): never => {
    throw new HawserError("option-invalid", `${name} ${reason}.`);
  };
  if (!Array.isArray(endpoints)) refuse("must be a list of addresses");
  if (endpoints.length > maxEndpoints) refuse(`has at most ${maxEndpoints} addresses`);
  for (const endpoint of endpoints as readonly unknown[]) {
    if (typeof endpoint !== "string" || !isAddress(endpoint))
      refuse(`must hold addresses such as wss://b.example.org/hawser, not ${JSON.stringify(endpoint)}`);
  }
}

/** The list, begun at another place, so that clients who each take the first that works spread over all of them. */
export function rotated(endpoints: readonly string[], by: number): readonly string[] {
  const start = endpoints.length === 0 ? 0 : by % endpoints.length;
  return [...endpoints.slice(start), ...endpoints.slice(0, start)];
}

/** Nobody's name or password is in it: every client gets to see it. */
function isAddress(text: string): boolean {
  if (text.length > maxEndpointCharacters || !URL.canParse(text)) return false;
  const { host, username, password, hash } = new URL(text);
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) && host !== "" && username === "" && password === "" && hash === "";
}
