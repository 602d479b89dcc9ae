import { memoryLog } from "@hawser/log";
import { describe, expect, it } from "vitest";
import { anonymous, createServer } from "@hawser/server";
import { createServer as createHttpServer } from "node:http";

const good = { authenticate: anonymous(), port: 0 };
const make = (options: object): unknown => createServer({ log: memoryLog(), ...good, ...options });

describe("options of createServer", () => {
  it("are log and authenticate at least", () => {
    expect(() => make({})).not.toThrow();
    expect(() => make({ log: undefined })).toThrow("log must be given");
    expect(() => make({ authenticate: undefined })).toThrow("authenticate must be given");
  });

  it.each<[object, string]>([
    [{ prot: 1 }, "prot"],
    [{ authorize: true }, "authorize"],
    [{ port: -1 }, "port"],
    [{ metrics: "yes" }, "metrics"],
    [{ port: 65_536 }, "port"],
    [{ port: 1.5 }, "port"],
    [{ server: createHttpServer(), port: 0 }, "server"],
    [{ server: {}, port: undefined }, "server"],
    [{ path: "hawser" }, "path"],
    [{ path: "/a?b" }, "path"],
    [{ name: "" }, "name"],
    [{ calls: { add: 5 } }, "calls.add"],
    [{ origins: ["example.com"] }, "origins"],
    [{ trustProxy: ["nobody"] }, "trustProxy"],
    [{ limits: { maxFoo: 1 } }, "limits.maxFoo"],
    [{ channels: [{ pattern: "a", durable: true }] }, "durable"],
    [{ secret: "short" }, "secret"],
    [{ adminSecret: "short" }, "adminSecret"],
    [{ peers: ["b.example.org"] }, "peers"],
  ])("that are wrong are refused by name: %j", (options, name) => {
    expect(() => make(options)).toThrow(
      expect.objectContaining({ code: "option-invalid", message: expect.stringContaining(name) }),
    );
  });
});
