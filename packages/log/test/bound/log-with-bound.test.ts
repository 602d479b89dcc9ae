import { beforeEach, describe, expect, it } from "vitest";
import { memoryLog } from "@hawser/log";
import type { Append, Log } from "@hawser/log";
import { HawserError, systemPorts } from "@hawser/protocol";
import type { Bindings, BoundSource } from "../../src/bound/log-with-bound.ts";
import { LogWithBound } from "../../src/bound/log-with-bound.ts";

const policy = {
  durability: "memory",
  retainCount: 10,
  retainBytes: 1_000,
  retainAgeMs: Infinity,
  deduplicateMs: 0,
} as const;
const ports = { ...systemPorts(), policyOf: () => policy };
const payload = { kind: "text", data: new Uint8Array(1) } as const;

let own: Log;
let asked: string[];
beforeEach(() => {
  own = memoryLog();
  asked = [];
});

function appendTo(channel: string): Append {
  return { channel, producer: "", sequence: 0, previous: 0, payload, key: "", publisher: "" };
}

/** A log whose channels below `their.` are others'. */
function withTheirs(change: Partial<Bindings> = {}, source: Partial<BoundSource> = {}): Log {
  const open: Bindings["open"] = async () => ({
    placeOf: (channel) =>
      channel.startsWith("their.") ? { source: source as BoundSource, key: channel.slice("their.".length) } : undefined,
    stop: () => asked.push("stop"),
    close: async () => void asked.push(await own.head("a").then(String, ({ code }: HawserError) => `own is ${code}`)),
  });
  return new LogWithBound(own, { isBound: (channel) => channel.startsWith("their."), open, ...change });
}

describe("a log with bound channels", () => {
  it("asks for a bound channel by its key, and for any other its own log", async () => {
    const log = withTheirs(
      {},
      {
        head: async (key) => {
          asked.push(`head of ${key}`);
          return { epoch: 7, floor: 0, end: 0, lineage: [] };
        },
      },
    );
    await log.open(ports);
    expect((await log.head("their.a")).epoch).toBe(7);
    expect((await log.head("a")).epoch).not.toBe(7);
    expect(asked).toEqual(["head of a"]);
    await log.close();
  });

  it("gives each append its outcome in its place; what a binding rejects with is one", async () => {
    const log = withTheirs(
      {},
      {
        append: async (key) => {
          if (key === "b") throw new HawserError("log-unavailable", "away");
          return { kind: "accepted", epoch: 7, offset: 70 };
        },
      },
    );
    await log.open(ports);
    const outcomes = await log.append(["a", "their.a", "their.b", "b"].map(appendTo));
    expect(outcomes).toMatchObject([
      { kind: "accepted", offset: 1 },
      { kind: "accepted", offset: 70 },
      { kind: "failed", code: "log-unavailable", message: "away" },
      { kind: "accepted", offset: 1 },
    ]);
    await log.close();
  });

  it("closes its own log where what is bound cannot be opened", async () => {
    const log = withTheirs({ open: () => Promise.reject(new HawserError("log-unavailable", "away")) });
    await expect(log.open(ports)).rejects.toThrow("away");
    await expect(own.head("a")).rejects.toMatchObject({ code: "log-closed" });
  });

  it("stops what is bound first, and lets its connections go last", async () => {
    const log = withTheirs();
    await log.open(ports);
    await log.close();
    expect(asked).toEqual(["stop", "own is log-closed"]);
    await expect(log.head("their.a")).rejects.toMatchObject({ code: "log-closed" });
    const [outcome] = await log.append([appendTo("their.a")]);
    expect(outcome).toMatchObject({ kind: "failed", code: "log-unavailable" });
  });
});
