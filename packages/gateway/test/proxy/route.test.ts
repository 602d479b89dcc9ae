import { HawserError } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { compilePath, segmentsOf } from "../../src/proxy/path-pattern.ts";
import { compileRoutes, pathToTarget, plainHost } from "../../src/proxy/route.ts";
import type { RouteOptions } from "../../src/proxy/route.ts";

function matches(pattern: string, path: string): boolean {
  return compilePath(pattern)(segmentsOf(path)!);
}

describe("a path's pattern", () => {
  it.each([
    ["/graphql", "/graphql", true],
    ["/graphql", "/graphql/", false],
    ["/", "/", true],
    ["/", "/a", false],
    ["/**", "/", true],
    ["/**", "/a/b", true],
    ["/chat/**", "/chat", true],
    ["/chat/**", "/chat/a/b", true],
    ["/chat/**", "/chatter", false],
    ["/rooms/{room}", "/rooms/7", true],
    ["/rooms/*/socket", "/rooms/7/socket", true],
    ["/rooms/*/socket", "/rooms/7/8/socket", false],
    ["/a b", "/a%20b", true],
  ])("%s and the path %s: %s", (pattern, path, expected) => {
    expect(matches(pattern, path)).toBe(expected);
  });

  it.each(["graphql", "/a*", "/**/a", "/{a", "/a?b", "/{a*}"])("%s is refused", (pattern) => {
    expect(() => compilePath(pattern)).toThrow(HawserError);
  });

  it.each(["a", "*", "http://x/", "/.", "/a/..", "/%2e%2e/a", "/%zz", "/a%2fb", "/a%5Cb", "/%00"])(
    "the path %s is of no route",
    (path) => {
      expect(segmentsOf(path)).toBeUndefined();
    },
  );
});

describe("a route's options", () => {
  const bad: readonly (readonly [string, RouteOptions])[] = [
    ["a host with a port", { pool: "p", hosts: ["example.com:80"] }],
    ["a host with a wildcard within", { pool: "p", hosts: ["a.*.com"] }],
    ["a header's name", { pool: "p", request: { set: { "a b": "c" } } }],
    ["a header's value", { pool: "p", response: { set: { a: "b\r\nc: d" } } }],
    ["a prefix with a slash at its end", { pool: "p", stripPrefix: "/a/" }],
    ["a limit of 0", { pool: "p", maxConnections: 0 }],
    ["a time past the platform's", { pool: "p", idleTimeoutMs: 2 ** 31 }],
  ];
  it.each(bad)("are refused for %s", (_, options) => {
    expect(() => compileRoutes([options])).toThrow(HawserError);
  });

  it("are refused for two of one name", () => {
    expect(() => compileRoutes([{ pool: "p" }, { pool: "q" }])).toThrow(/same name/);
  });

  it("make a name of host, path and subprotocols", () => {
    const [route] = compileRoutes([{ pool: "p", hosts: ["a.example"], path: "/b", subprotocols: ["mqtt"] }]);
    expect(route!.name).toBe("a.example/b mqtt");
  });
});

describe("the target's path", () => {
  const [plain] = compileRoutes([{ pool: "p" }]);
  const [stripped] = compileRoutes([{ pool: "p", stripPrefix: "/api" }]);
  it.each([
    [plain!, "/", "/a?b=c?d", "/a?b=c?d"],
    [plain!, "/base/", "/a", "/base/a"],
    [plain!, "/base", "/", "/base/"],
    [stripped!, "/", "/api/a", "/a"],
    [stripped!, "/", "/api", "/"],
    [stripped!, "/", "/api?x", "/?x"],
    [stripped!, "/", "/apis", "/apis"],
  ])("%# is the base and the client's", (route, base, url, expected) => {
    expect(pathToTarget(route, base, url)).toBe(expected);
  });
});

describe("a host", () => {
  it.each([
    ["Example.COM:8080", "example.com"],
    ["example.com.", "example.com"],
    ["[::1]:80", "[::1]"],
    ["[::1]", "[::1]"],
  ])("of %s is %s", (header, host) => {
    expect(plainHost(header)).toBe(host);
  });
});
