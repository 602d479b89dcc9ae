import { memoryLog } from "@hawser/log";
import { defineContract } from "@hawser/protocol";
import type { StandardSchemaV1 } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { anonymous, createServer, silentLogger } from "../src/index.ts";

describe("what the application publishes under a contract", () => {
  it("goes into the log as it is given, whatever the contract's schema makes of it for readers", async () => {
    const toNumber: StandardSchemaV1<string, number> = {
      "~standard": { version: 1, vendor: "test", validate: (value) => ({ value: Number(value) }) },
    };
    const contract = defineContract({ channels: { texts: { message: toNumber } } });
    const log = memoryLog();
    const server = createServer({ log, authenticate: anonymous(), port: 0, contract, logger: silentLogger });
    await server.listen();
    await server.publish("texts", "42");
    const { entries } = await log.read("texts", 0, { maxCount: 1, maxBytes: 1_000 });
    expect(Buffer.from(entries[0]!.payload!.data).toString()).toBe(`"42"`);
    await server.close();
  });
});
