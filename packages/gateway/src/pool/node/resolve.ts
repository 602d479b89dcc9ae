import { lookup, Resolver } from "node:dns/promises";
import type { Answer, Found } from "../discovery/dns-targets.ts";

/** What name servers are asked; the tests stand in for it. */
export interface NameServers {
  lookup(name: string): Promise<readonly { readonly address: string }[]>;
  resolve4(name: string): Promise<readonly { readonly ttl: number }[]>;
  resolve6(name: string): Promise<readonly { readonly ttl: number }[]>;
  resolveSrv(
    name: string,
  ): Promise<readonly { readonly name: string; port: number; weight: number; priority: number }[]>;
}

/**
 * Asks as the platform does: for addresses the system's resolver with its hosts file, for SRV records the name servers.
 *
 * The system's resolver does not say how long its addresses hold, so that the name servers are asked for that alone, and need not
 * answer. How long SRV records hold Node does not say.
 */
export async function resolve(
  name: string,
  kind: "address" | "srv",
  servers: NameServers = nameServers(),
): Promise<Answer> {
  if (kind === "srv") {
    const records = await servers.resolveSrv(name);
    const found = records.map(({ name: host, port, weight, priority }) => ({ host, port, weight, priority }));
    return { found: sorted(found), ttlMs: undefined };
  }
  const addresses = await servers.lookup(name);
  const found = addresses.map(({ address }) => ({
    host: address,
    port: undefined,
    weight: undefined,
    priority: undefined,
  }));
  return { found: sorted(found), ttlMs: await ttlMsOf(name, servers) };
}

/** The shortest time that a record of its addresses holds. */
async function ttlMsOf(name: string, servers: NameServers): Promise<number | undefined> {
  const asked = await Promise.allSettled([servers.resolve4(name), servers.resolve6(name)]);
  const ttls = asked.flatMap((answer) => (answer.status === "fulfilled" ? answer.value.map(({ ttl }) => ttl) : []));
  return ttls.length === 0 ? undefined : Math.min(...ttls) * 1_000;
}

function nameServers(): NameServers {
  // Addresses wait for it: nobody needs it for long.
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  const patient = new Resolver();
  return {
    lookup: (name) => lookup(name, { all: true }),
    resolve4: (name) => resolver.resolve4(name, { ttl: true }),
    resolve6: (name) => resolver.resolve6(name, { ttl: true }),
    resolveSrv: (name) => patient.resolveSrv(name),
  };
}

/** Name servers turn their answers round, which is no change. */
function sorted(found: Found[]): Found[] {
  return found.toSorted((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
}

function placeOf({ host, port }: Found): string {
  return `${host}:${port ?? ""}`;
}
