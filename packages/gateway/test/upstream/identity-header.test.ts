import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { identityToken } from "../../src/upstream/identity-header.ts";
import { targetUrl } from "../../src/upstream/target-url.ts";
import { SimulatedPorts } from "../support/simulated-ports.ts";

describe("what a target is told", () => {
  it("is signed, for its pool, and good for a minute", () => {
    const ports = new SimulatedPorts();
    const secret = "s".repeat(32);
    const shown = { user: "ann", pool: "quotes", session: "one", address: "10.0.0.1" };
    const [head = "", claims = "", signature] = identityToken(shown, secret, ports).split(".");
    const now = Math.floor(ports.now() / 1_000);
    expect(JSON.parse(Buffer.from(head, "base64url").toString())).toEqual({ alg: "HS256", typ: "JWT" });
    expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toEqual({
      iss: "hawser-gateway",
      sub: "ann",
      aud: "quotes",
      iat: now,
      exp: now + 60,
      session: "one",
      address: "10.0.0.1",
    });
    expect(signature).toBe(createHmac("sha256", secret).update(`${head}.${claims}`).digest("base64url"));
  });

  it.each([
    ["ws://a/base", "", "ws://a/base"],
    ["ws://a/base/", "/x?y=1?2", "ws://a/base/x?y=1?2"],
    ["ws://a", "/x%20y", "ws://a/x%20y"],
    ["ws://a", "?y", "ws://a/?y"],
  ])("is asked of %s with %s added: %s", (target, path, expected) => {
    expect(targetUrl(new URL(target), path).href).toBe(expected);
  });

  it.each(["/../x", "/%2e%2e/x", "/a%2f..%2fb", "x", "/%"])(
    "is never asked for %s, which leads out of its own",
    (path) => {
      expect(() => targetUrl(new URL("ws://a/base"), path)).toThrow(
        expect.objectContaining({ code: "upstream-refused" }),
      );
    },
  );
});
