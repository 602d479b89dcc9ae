import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { main } from "../../src/main.ts";
import { testWorld } from "../world.ts";

async function check(
  config: object,
): Promise<{ readonly code: number; readonly out: string; readonly errors: string }> {
  const folder = mkdtempSync(join(tmpdir(), "hawser-check-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = { port: 0, pools: { a: { targets: ["ws://127.0.0.1:1"] } }, routes: [{ pool: "a" }], ...config };
  writeFileSync(join(folder, "gateway.json"), JSON.stringify(file));
  const world = testWorld({ folder });
  const code = await main(["gateway", "--config", "gateway.json", "--check"], world);
  return { code, out: world.out(), errors: world.errors() };
}

it("says that a configuration is right", async () => {
  expect(await check({ plain: { port: 0 }, trustProxy: ["10.0.0.0/8"] })).toEqual({
    code: 0,
    out: "gateway.json is right: 1 pools, 1 routes.\n",
    errors: "",
  });
});

it.each([
  [{ trustProxy: ["x"] }, 'trustProxy: "x" is neither an address nor a range'],
  [{ plain: { port: 0, proxyProtocol: { from: ["x"] } } }, 'proxyProtocol.from: "x" is neither'],
  [
    { plain: { port: 0, tls: { cert: "none.pem", key: "none.pem" } } },
    "plain.tls.cert cannot be read: ENOENT none.pem",
  ],
  [{ relay: { port: 0, secret: "x".repeat(32), tls: { cert: "none.pem", key: "none.pem" } } }, "relay.tls.cert cannot"],
  [{ path: "hawser" }, "path must start with /"],
  [{ origins: ["example.com"] }, 'origins: "example.com" is not an origin'],
  [{ api: { keys: [{ name: "a", key: "short", scopes: ["push"] }] } }, "api.keys[0].key must have 32"],
])("finds what the gateway would not begin with: %j", async (config, message) => {
  const { code, out, errors } = await check(config);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(errors).toContain(message);
});
