import { describe, expect, it } from "vitest";
import { resolve } from "../../../src/pool/node/resolve.ts";
import type { NameServers } from "../../../src/pool/node/resolve.ts";

const address = { port: undefined, weight: undefined, priority: undefined };

function servers(answers: Partial<NameServers>): NameServers {
  const none = (): Promise<never> => Promise.reject(Object.assign(new Error("none"), { code: "ENODATA" }));
  return { lookup: none, resolve4: none, resolve6: none, resolveSrv: none, ...answers };
}

describe("asking for the addresses of a name", () => {
  it("has those of the system, in one order, for the shortest time that a record holds", async () => {
    const asked = servers({
      lookup: async () => [{ address: "10.0.0.2" }, { address: "10.0.0.1" }],
      resolve4: async () => [{ ttl: 60 }, { ttl: 20 }],
      resolve6: async () => [{ ttl: 40 }],
    });
    expect(await resolve("service", "address", asked)).toEqual({
      found: [
        { host: "10.0.0.1", ...address },
        { host: "10.0.0.2", ...address },
      ],
      ttlMs: 20_000,
    });
  });

  it("has those of the hosts file, of which no name server knows how long they hold", async () => {
    const asked = servers({ lookup: async () => [{ address: "127.0.0.1" }] });
    expect(await resolve("localhost", "address", asked)).toEqual({
      found: [{ host: "127.0.0.1", ...address }],
      ttlMs: undefined,
    });
  });

  it("fails when the system knows none, whatever name servers say", async () => {
    const asked = servers({ resolve4: async () => [{ ttl: 60 }] });
    await expect(resolve("service", "address", asked)).rejects.toThrow("none");
  });

  it("has SRV records with their hosts, ports, weights and priorities", async () => {
    const asked = servers({ resolveSrv: async () => [{ name: "one", port: 7, weight: 3, priority: 1 }] });
    expect(await resolve("_ws._tcp.service", "srv", asked)).toEqual({
      found: [{ host: "one", port: 7, weight: 3, priority: 1 }],
      ttlMs: undefined,
    });
  });

  it("asks the platform", async () => {
    const { found } = await resolve("localhost", "address");
    expect(found.map(({ host }) => host).every((host) => ["127.0.0.1", "::1"].includes(host))).toBe(true);
    expect(found).not.toEqual([]);
  });
});
