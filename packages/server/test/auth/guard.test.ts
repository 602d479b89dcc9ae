import { HawserError } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { guardAuthenticate } from "../../src/auth/guard.ts";
import type { Authenticate, AuthenticateRequest, Identity } from "../../src/auth/identity.ts";

const request = (token: string): AuthenticateRequest => ({
  token,
  session: "s1",
  peer: { address: "192.0.2.1", subprotocol: "hawser.v1", headers: {} },
});
const run = async (authenticate: Authenticate, token = "secret-token-of-ann", maxTokenBytes = 100): Promise<Identity> =>
  guardAuthenticate(authenticate, maxTokenBytes)(request(token));
const failure = async (error: unknown, token?: string): Promise<HawserError> =>
  run(() => {
    throw error;
  }, token).then(
    () => {
      throw new Error("not refused");
    },
    (caught: HawserError) => caught,
  );

describe("guarded authentication", () => {
  it("hands over who the application says it is", async () => {
    expect(await run(() => ({ user: "ann" }))).toEqual({ user: "ann" });
    expect(await run(async () => ({ user: "ann", expiresAt: 5 }))).toEqual({ user: "ann", expiresAt: 5 });
  });

  it("takes a token at the limit, and refuses one past it without asking the application", async () => {
    let asked = 0;
    const authenticate: Authenticate = () => {
      asked += 1;
      return { user: "ann" };
    };
    await run(authenticate, "ä".repeat(50));
    await expect(run(authenticate, `${"ä".repeat(50)}x`)).rejects.toMatchObject({ code: "token-invalid" });
    expect(asked).toBe(1);
  });

  it.each([undefined, null, {}, { user: "" }, { user: 1 }, { user: "two words" }, { user: "x".repeat(129) }])(
    "refuses %j as an identity",
    async (identity) => {
      await expect(run(() => identity as never)).rejects.toThrow("authenticate gave no user");
    },
  );

  it.each([Number.NaN, Number.POSITIVE_INFINITY, "tomorrow", null, new Date(0)])(
    "refuses %s as a time at which an identity ends",
    async (expiresAt) => {
      await expect(run(() => ({ user: "ann", expiresAt }) as never)).rejects.toThrow("expiresAt");
    },
  );

  it("lets a refusal through as it is", async () => {
    const refusal = new HawserError("token-expired", "Come again.", { retry: true, retryAfterMs: 5 });
    expect(await failure(refusal)).toMatchObject({
      code: "token-expired",
      message: "Come again.",
      retry: true,
      retryAfterMs: 5,
    });
  });

  it.each([
    ["whole", "The token secret-token-of-ann is bad"],
    ["in part", "bad: ret-token-"],
    ["quoted", JSON.stringify({ token: "secret-token-of-ann" })],
  ])("lets no token out that an error's text holds %s", async (_how, text) => {
    for (const error of [
      new Error(text, { cause: text }),
      new HawserError("token-invalid", text, { cause: text }),
      text,
    ]) {
      const caught = await failure(error);
      const shown = `${caught.message} ${caught.stack} ${String(caught.cause)} ${JSON.stringify(caught)}`;
      expect(shown).not.toContain("ret-token");
      expect(caught.message).toContain("not shown");
    }
  });

  it("lets no other member of an error out", async () => {
    const error = Object.assign(new Error("failed"), { request: { token: "secret-token-of-ann" } });
    const caught = await failure(error);
    expect(caught.message).toBe("failed");
    expect(Object.values(caught)).toEqual([]);
  });

  it("keeps the stack of the application's error, which says where it failed", async () => {
    const error = new Error("the database is away");
    expect((await failure(error)).stack).toBe(error.stack);
  });

  it("hides a short token too", async () => {
    expect((await failure(new Error("no such pin: 4711"), "4711")).message).toContain("not shown");
    expect((await failure(new Error("no such user"), "")).message).toBe("no such user");
  });
});
