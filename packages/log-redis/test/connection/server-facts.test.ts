import { describe, expect, it } from "vitest";
import { checkServer, keptDurabilities, serverFacts } from "../../src/connection/server-facts.ts";
import type { ServerFacts } from "../../src/connection/server-facts.ts";
import type { Connection } from "../../src/connection/connection.ts";

const facts: ServerFacts = {
  version: [7, 0, 15],
  isPrimary: true,
  appendOnly: true,
  appendFsync: "always",
  evicts: false,
};

/** A connection that answers `INFO` with these lines, and `CONFIG GET` with a pair or an error. */
function answering(info: readonly string[], configuration: string | Error): Connection {
  return {
    send: async ([name]) => {
      if (name === "INFO") return Buffer.from(info.join("\r\n"));
      if (configuration instanceof Error) throw configuration;
      return [Buffer.from("appendfsync"), Buffer.from(configuration)];
    },
    gone: new Promise(() => {}),
    destroy: () => {},
  };
}

describe("what a server is set to", () => {
  it("is read from INFO and CONFIG", async () => {
    const info = ["# Server", "redis_version:7.4.1", "role:master", "aof_enabled:1", "maxmemory:100"];
    const lru = [...info, "maxmemory_policy:allkeys-lru"];
    expect(await serverFacts(answering(lru, "everysec"))).toEqual({
      version: [7, 4, 1],
      isPrimary: true,
      appendOnly: true,
      appendFsync: "everysec",
      evicts: true,
    });
    expect(await serverFacts(answering([...info, "maxmemory_policy:noeviction"], "no"))).toMatchObject({
      evicts: false,
    });
  });

  it("is not known where CONFIG is forbidden, and any other error is one", async () => {
    const forbidden = new Error("NOPERM User ann has no permissions to run the 'config|get' command");
    expect(await serverFacts(answering(["role:slave"], forbidden))).toMatchObject({
      isPrimary: false,
      appendFsync: undefined,
    });
    await expect(serverFacts(answering([], new Error("Socket closed")))).rejects.toThrow("Socket closed");
  });

  it.each([
    [{ ...facts, appendOnly: false }, ["memory"]],
    [{ ...facts, appendFsync: "everysec" }, ["memory", "commit"]],
    [{ ...facts, appendFsync: undefined }, ["memory", "commit"]],
    [facts, ["memory", "commit", "flush"]],
  ])("%j keeps %j", (set, kept) => {
    expect(keptDurabilities(set)).toEqual(kept);
  });

  it.each([
    [{ ...facts, version: [6, 2, 14] }, "7.0"],
    [{ ...facts, evicts: true }, "noeviction"],
    [{ ...facts, appendFsync: undefined }, "CONFIG GET"],
    [{ ...facts, appendOnly: false }, "appendonly is no"],
  ])("%j is refused: %s", (set, reason) => {
    const durabilities = set.appendOnly ? (["flush"] as const) : (["commit"] as const);
    expect(() => checkServer(set, durabilities)).toThrow(
      expect.objectContaining({ code: "option-invalid", message: expect.stringContaining(reason) }),
    );
  });
});
