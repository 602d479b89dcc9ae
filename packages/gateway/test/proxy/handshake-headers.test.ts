import { expect, it } from "vitest";
import { requestHeaders } from "../../src/proxy/handshake-headers.ts";
import type { RequestHeaders } from "../../src/proxy/handshake-headers.ts";
import { compileRoutes } from "../../src/proxy/route.ts";
import type { RouteOptions } from "../../src/proxy/route.ts";

/** What a target gets of a client that says these headers, by their names in lower case. */
function passed(raw: readonly string[], route: Partial<RouteOptions> = {}, own: RequestHeaders["own"] = {}) {
  const headers = requestHeaders({
    raw: ["Host", "a.test", "Connection", "Upgrade", "Upgrade", "websocket", ...raw],
    route: compileRoutes([{ pool: "p", ...route }])[0]!,
    origin: {
      address: "192.0.2.1",
      secure: false,
      forwardedFor: "192.0.2.1",
      host: "a.test",
      forwarded: "for=192.0.2.1",
    },
    targetHost: "10.0.0.5:9000",
    own,
    reserved: ["x-signed"],
    facts: { pool: "p", path: "/", address: "192.0.2.1", user: "ann", session: undefined, claims: undefined },
  });
  const named: Record<string, string[]> = {};
  for (let at = 0; at + 1 < headers.length; at += 2) (named[headers[at]!.toLowerCase()] ??= []).push(headers[at + 1]!);
  return named;
}

it("takes out what the client says by the gateway's names, each time that it says it", () => {
  const headers = passed(
    ["X-User", "root", "x-user", "root", "X-Forwarded-For", "10.0.0.1", "X-Hawser-Identity", "x", "X-Signed", "y"],
    { request: { set: { "x-user": "{user}" } } },
    { "x-signed": "ours" },
  );
  expect(headers).toMatchObject({ "x-user": ["ann"], "x-forwarded-for": ["192.0.2.1"], "x-signed": ["ours"] });
  expect(headers).not.toHaveProperty("x-hawser-identity");
});

it("takes out those too that are the same to a server for which _ is - (CGI, WSGI, PHP)", () => {
  const headers = passed(
    [
      "X_User",
      "root",
      "X_Forwarded-For",
      "10.0.0.1",
      "x_hawser_identity",
      "x",
      "X_Signed",
      "y",
      "X_Old",
      "z",
      "X_Kept",
      "1",
    ],
    { request: { set: { "x-user": "{user}" }, remove: ["x-old"] } },
    { "x-signed": "ours" },
  );
  expect(Object.keys(headers).filter((name) => name.includes("_"))).toEqual(["x_kept"]);
});

it("takes out what Connection names, but for what makes the handshake", () => {
  const headers = passed(["Connection", "x-hop, host, sec-websocket-key", "X-Hop", "1", "Sec-WebSocket-Key", "k"]);
  expect(headers).toMatchObject({ host: ["a.test"], "sec-websocket-key": ["k"], connection: ["Upgrade"] });
  expect(headers).not.toHaveProperty("x-hop");
});
