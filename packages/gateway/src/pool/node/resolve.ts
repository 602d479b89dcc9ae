import { lookup, resolveSrv } from "node:dns/promises";
import type { Found } from "../discovery/dns-targets.ts";

/** Asks as the platform does: for addresses the system's resolver with its hosts file, for SRV records the name servers. */
export async function resolve(name: string, kind: "address" | "srv"): Promise<readonly Found[]> {
  if (kind === "srv") {
    const records = await resolveSrv(name);
    return sorted(records.map(({ name: host, port, weight, priority }) => ({ host, port, weight, priority })));
  }
  const addresses = await lookup(name, { all: true });
  return sorted(
    addresses.map(({ address }) => ({ host: address, port: undefined, weight: undefined, priority: undefined })),
  );
}

/** Name servers turn their answers round, which is no change. */
function sorted(found: Found[]): Found[] {
  return found.toSorted((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
}

function placeOf({ host, port }: Found): string {
  return `${host}:${port ?? ""}`;
}
