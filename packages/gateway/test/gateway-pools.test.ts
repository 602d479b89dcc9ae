import { HawserError } from "@hawser/protocol";
import { silentLogger } from "@hawser/server";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { GatewayPools } from "../src/gateway-pools.ts";
import type { GatewayPoolOptions } from "../src/gateway-options.ts";
import { resolveHomeLimits } from "../src/home/home-limits.ts";
import { secret } from "./backend/support.ts";
import { SimulatedPorts } from "./support/simulated-ports.ts";

const unreachable = "connect ECONNREFUSED 10.0.0.5:9000";

/** Opens a virtual socket to a pool that nobody is behind, and says what the client is told and what the log says. */
async function refused(options: GatewayPoolOptions): Promise<{ readonly told: HawserError; readonly logged: string }> {
  const ports = new SimulatedPorts();
  const warn = vi.fn<(fields: object, text: string) => void>();
  const pools = new GatewayPools({
    clock: ports,
    timers: ports,
    random: ports,
    node: "a",
    logger: { ...silentLogger, warn },
    observer: { backendRequest: () => {}, backendFailed: () => {}, backendSockets: () => {} },
    poster: { post: () => Promise.reject(new Error(unreachable)), close: () => {} },
    probe: () => Promise.resolve(),
    resolve: () => Promise.reject(new Error("no name servers")),
    limits: resolveHomeLimits(),
  });
  // Whom it does not reach a back end cannot tell: nobody waits for that.
  onTestFinished(() => void pools.close());
  pools.put("quotes", options);
  const request = {
    upstream: "quotes",
    path: "",
    protocols: [],
    identity: { user: "ann", claims: { token: "t" } },
    session: "s",
    address: "192.0.2.1",
  };
  const told = await pools.open(request, new AbortController().signal).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(told).toBeInstanceOf(HawserError);
  const logged = warn.mock.calls.map(([fields, text]) => {
    const { error, reason } = fields as { error?: Error; reason?: string };
    return `${text} ${reason} ${error?.message} ${(error?.cause as Error | undefined)?.message}`;
  });
  return { told: told as HawserError, logged: logged.join("\n") };
}

describe("what the client of a virtual socket is told of a pool", () => {
  it("is not where its targets are, which the log says", async () => {
    const { told, logged } = await refused({ targets: ["ws://127.0.0.1:1"], health: false });
    expect(told).toMatchObject({ code: "upstream-unavailable", retry: true });
    expect(told.message).not.toContain("127.0.0.1");
    expect(logged).toContain("127.0.0.1:1");
  });

  it("is not where its back end is", async () => {
    const { told, logged } = await refused({
      kind: "http",
      url: "http://10.0.0.5:9000/",
      secret,
      limits: { maxConnectAttempts: 1 },
    });
    expect(told).toMatchObject({ code: "upstream-unavailable", retry: true });
    expect(told.message).not.toContain("10.0.0.5");
    expect(logged).toContain(unreachable);
  });

  it("is not where tokens are exchanged", async () => {
    const { told, logged } = await refused({
      targets: ["ws://10.0.0.5:9000"],
      health: false,
      tokenExchange: {
        url: "http://127.0.0.1:1/token",
        clientId: "a",
        clientSecret: "b",
        subjectToken: ({ identity }) => String(identity.claims?.["token"]),
      },
    });
    expect(told).toMatchObject({ code: "upstream-unavailable", retry: true });
    expect(told.message).not.toContain("127.0.0.1");
    expect(logged).toContain("127.0.0.1:1");
  });
});
