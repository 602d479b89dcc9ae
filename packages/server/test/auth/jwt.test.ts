import { createHmac, createPublicKey, generateKeyPairSync } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { HawserError } from "@hawser/protocol";
import { exportJWK, SignJWT } from "jose";
import type { JSONWebKeySet, JWTPayload } from "jose";
import { describe, expect, it } from "vitest";
import type { Identity } from "../../src/auth/identity.ts";
import { jwt } from "../../src/auth/jwt.ts";
import type { JwtOptions } from "../../src/auth/jwt.ts";

const secret = "a secret of at least thirty-two bytes.";
const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const otherRsa = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const ec = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const ec384 = generateKeyPairSync("ec", { namedCurve: "secp384r1" });
const ed = generateKeyPairSync("ed25519");
const pem = (key: KeyObject): string => key.export({ type: "spki", format: "pem" }) as string;

const inAnHour = Math.floor(Date.now() / 1_000) + 3_600;
const hs = (
  claims: JWTPayload = {},
  header: Record<string, unknown> = {},
  key: Uint8Array | KeyObject = Buffer.from(secret),
): Promise<string> =>
  new SignJWT({ sub: "ann", exp: inAnHour, ...claims }).setProtectedHeader({ alg: "HS256", ...header }).sign(key);

const ask = async (options: JwtOptions, token: string): Promise<Identity> =>
  jwt(options)({ token, session: "s1", peer: { address: "192.0.2.1", subprotocol: "hawser.v1", headers: {} } });
const refusalOf = async (options: JwtOptions, token: string): Promise<HawserError> =>
  ask(options, token).then(
    () => {
      throw new Error("not refused");
    },
    (error: HawserError) => {
      expect(error).toBeInstanceOf(HawserError);
      // No part of the token but its name of an algorithm may be in what an error shows.
      for (const part of token.split("."))
        if (part.length > 8) expect(`${error.message} ${error.stack} ${String(error.cause)}`).not.toContain(part);
      return error;
    },
  );
const shared: JwtOptions = { algorithms: ["HS256"], secret };

describe("a token", () => {
  it("names the user, and says when it ends", async () => {
    const identity = await ask(shared, await hs({ role: "admin" }));
    expect(identity).toMatchObject({ user: "ann", expiresAt: (inAnHour + 5) * 1_000, claims: { role: "admin" } });
    expect(identity.capabilities).toBeUndefined();
  });

  it("names the user and the capabilities in the claims that are asked for", async () => {
    const options: JwtOptions = { ...shared, userClaim: "name", capabilitiesClaim: "can", clockToleranceSeconds: 0 };
    const capabilities = [{ pattern: "chat.*", verbs: ["subscribe"] }];
    const identity = await ask(options, await hs({ name: "bob", can: capabilities }));
    expect(identity).toMatchObject({ user: "bob", capabilities, expiresAt: inAnHour * 1_000 });
  });

  it.each([
    ["RS256", rsa],
    ["PS256", rsa],
    ["ES256", ec],
    ["ES384", ec384],
    ["EdDSA", ed],
  ] as const)("signed with %s is taken with its public key", async (alg, keys) => {
    const token = await new SignJWT({ sub: "ann", exp: inAnHour }).setProtectedHeader({ alg }).sign(keys.privateKey);
    expect(await ask({ algorithms: [alg], publicKey: pem(keys.publicKey) }, token)).toMatchObject({ user: "ann" });
    expect(await ask({ algorithms: [alg], publicKey: keys.publicKey }, token)).toMatchObject({ user: "ann" });
  });

  it("that has expired is token-expired, so that the client comes with a fresh one", async () => {
    const error = await refusalOf(shared, await hs({ exp: inAnHour - 7_200 }));
    expect(error).toMatchObject({ code: "token-expired", retry: true });
  });

  it("is still taken within the tolerance of clocks, and ends after it", async () => {
    const justExpired = Math.floor(Date.now() / 1_000) - 10;
    const options = { ...shared, clockToleranceSeconds: 3_600 };
    expect(await ask(options, await hs({ exp: justExpired }))).toMatchObject({
      expiresAt: (justExpired + 3_600) * 1_000,
    });
  });

  it("without expiry is refused, unless that is allowed", async () => {
    const token = await hs({ exp: undefined as never });
    expect((await refusalOf(shared, token)).code).toBe("token-invalid");
    expect((await ask({ ...shared, requireExpiry: false }, token)).expiresAt).toBeUndefined();
  });

  it.each([
    ["another issuer", { iss: "evil" }],
    ["no issuer", { iss: undefined }],
    ["another audience", { aud: ["other"] }],
    ["no user", { sub: undefined }],
    ["an empty user", { sub: "" }],
    ["a user that is no name", { sub: "two words" }],
    ["a user that is a number", { sub: 5 }],
    ["a user of 129 bytes", { sub: "x".repeat(129) }],
    ["a beginning in the future", { nbf: inAnHour }],
    ["malformed capabilities", { capabilities: "all" }],
    ["an expiry that is no number", { exp: "tomorrow" }],
  ])("with %s is token-invalid", async (_what, claims) => {
    const options: JwtOptions = { ...shared, issuer: ["id", "id2"], audience: "chat" };
    const good: JWTPayload = { iss: "id2", aud: ["chat", "x"] };
    expect(await ask(options, await hs(good))).toMatchObject({ user: "ann" });
    expect((await refusalOf(options, await hs({ ...good, ...claims } as JWTPayload))).code).toBe("token-invalid");
  });

  it("does not take a claim of the prototype for one of its own", async () => {
    expect((await refusalOf({ ...shared, userClaim: "toString" }, await hs())).code).toBe("token-invalid");
  });

  it.each([
    "",
    "x",
    "a.b.c",
    "..",
    "eyJhbGciOiJIUzI1NiJ9..",
    "not a token at all",
    "\u0000",
    "eyJhbGciOiJIUzI1NiJ9.e30.aaaaaaaaaaaaaaaa",
  ])("that is none is token-invalid: %j", async (token) => {
    expect((await refusalOf(shared, token)).code).toBe("token-invalid");
  });

  it("with a changed signature or payload is token-invalid", async () => {
    const [header, payload, signature] = (await hs()).split(".") as [string, string, string];
    const forged = Buffer.from(JSON.stringify({ sub: "root", exp: inAnHour })).toString("base64url");
    expect((await refusalOf(shared, `${header}.${forged}.${signature}`)).code).toBe("token-invalid");
    expect(
      (await refusalOf(shared, `${header}.${payload}.${signature.replace(/./, (c) => (c === "A" ? "B" : "A"))}`)).code,
    ).toBe("token-invalid");
    expect((await refusalOf(shared, `${header}.${payload}.`)).code).toBe("token-invalid");
  });
});

describe("confusion of algorithms", () => {
  const unsigned = (alg: string): string =>
    `${[
      { alg, typ: "JWT" },
      { sub: "ann", exp: inAnHour },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".")}.`;

  it.each(["none", "None", "NONE", "nOnE", ""])("with %j does not pass", async (alg) => {
    expect((await refusalOf(shared, unsigned(alg))).code).toBe("token-invalid");
    expect((await refusalOf({ algorithms: ["RS256"], publicKey: pem(rsa.publicKey) }, unsigned(alg))).code).toBe(
      "token-invalid",
    );
  });

  it("with a public key as a secret does not pass", async () => {
    const key = pem(rsa.publicKey);
    const input = `${[{ alg: "HS256" }, { sub: "root", exp: inAnHour }].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")}`;
    for (const material of [key, key.trim(), rsa.publicKey.export({ type: "spki", format: "der" })]) {
      const token = `${input}.${createHmac("sha256", material).update(input).digest("base64url")}`;
      expect((await refusalOf({ algorithms: ["RS256"], publicKey: key }, token)).code).toBe("token-invalid");
    }
  });

  it("with an algorithm that is not on the list does not pass", async () => {
    const token = await new SignJWT({ sub: "ann", exp: inAnHour })
      .setProtectedHeader({ alg: "PS256" })
      .sign(rsa.privateKey);
    expect((await refusalOf({ algorithms: ["RS256"], publicKey: pem(rsa.publicKey) }, token)).code).toBe(
      "token-invalid",
    );
    expect((await refusalOf(shared, await hs({}, { alg: "HS512" }, Buffer.from(secret.repeat(2))))).code).toBe(
      "token-invalid",
    );
  });

  it("with a key that the token brings itself does not pass", async () => {
    const jwk = await exportJWK(createPublicKey(otherRsa.privateKey));
    const token = await new SignJWT({ sub: "ann", exp: inAnHour })
      .setProtectedHeader({ alg: "RS256", jwk })
      .sign(otherRsa.privateKey);
    expect((await refusalOf({ algorithms: ["RS256"], publicKey: pem(rsa.publicKey) }, token)).code).toBe(
      "token-invalid",
    );
  });

  it("with a secret in the key set does not pass", async () => {
    const jwks = { keys: [{ kty: "oct", kid: "k", alg: "HS256", k: Buffer.from(secret).toString("base64url") }] };
    expect((await refusalOf({ algorithms: ["RS256", "ES256"], jwks }, await hs({}, { kid: "k" }))).code).toBe(
      "token-invalid",
    );
  });
});

describe("options that do not fit each other", () => {
  const rsaPem = pem(rsa.publicKey);
  it.each<[string, JwtOptions]>([
    ["no algorithm", { algorithms: [], secret }],
    ["an unknown algorithm", { algorithms: ["none" as never], secret }],
    ["no key", { algorithms: ["HS256"] }],
    ["two keys", { algorithms: ["HS256"], secret, publicKey: rsaPem }],
    ["a short secret", { algorithms: ["HS256"], secret: "x".repeat(31) }],
    ["a secret too short for HS512", { algorithms: ["HS256", "HS512"], secret: "x".repeat(63) }],
    ["a secret with RS256", { algorithms: ["RS256"], secret }],
    ["a public key with HS256", { algorithms: ["HS256"], publicKey: rsaPem }],
    ["both kinds", { algorithms: ["HS256", "RS256"], publicKey: rsaPem }],
    ["both kinds, with a key set", { algorithms: ["HS256", "RS256"], jwks: { keys: [] } }],
    ["an RSA key with ES256", { algorithms: ["ES256"], publicKey: rsaPem }],
    ["a key of another curve", { algorithms: ["ES256"], publicKey: pem(ec384.publicKey) }],
    [
      "a short RSA key",
      { algorithms: ["RS256"], publicKey: pem(generateKeyPairSync("rsa", { modulusLength: 1_024 }).publicKey) },
    ],
    [
      "a private key",
      { algorithms: ["ES256"], publicKey: ec.privateKey.export({ type: "pkcs8", format: "pem" }) as string },
    ],
    ["a private key object", { algorithms: ["ES256"], publicKey: ec.privateKey }],
    ["a key that is none", { algorithms: ["RS256"], publicKey: "-----BEGIN PUBLIC KEY-----" }],
    ["a key set in the clear", { algorithms: ["RS256"], jwksUrl: "http://id.example.com/jwks.json" }],
    ["a tolerance of days", { algorithms: ["HS256"], secret, clockToleranceSeconds: 86_400 }],
  ])("are refused: %s", (_what, options) => {
    expect(() => jwt(options)).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });

  it("are refused without showing the secret", () => {
    expect(() => jwt({ algorithms: ["HS512"], secret })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining(secret) }),
    );
  });
});

describe("a key set that is fetched", () => {
  async function served(
    answer: () => { status: number; body: string },
  ): Promise<{ url: string; count: () => number; close: () => void }> {
    let count = 0;
    const server = createServer((_request, response) => {
      count += 1;
      const { status, body } = answer();
      response.writeHead(status, { "content-type": "application/json", connection: "close" }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
      count: () => count,
      close: () => void server.close(),
    };
  }

  const keySet = async (): Promise<JSONWebKeySet> => ({
    keys: [
      { ...(await exportJWK(rsa.publicKey)), kid: "one", alg: "RS256" },
      { ...(await exportJWK(ec.publicKey)), kid: "two", alg: "ES256" },
    ],
  });
  const signed = (kid: string, alg: string, key: KeyObject): Promise<string> =>
    new SignJWT({ sub: "ann", exp: inAnHour }).setProtectedHeader({ alg, kid }).sign(key);

  it("is fetched once for many tokens", async () => {
    const body = JSON.stringify(await keySet());
    const { url, count, close } = await served(() => ({ status: 200, body }));
    const authenticate = jwt({ algorithms: ["RS256", "ES256"], jwksUrl: url });
    const peer = { address: "192.0.2.1", subprotocol: "hawser.v1" as const, headers: {} };
    for (const token of [await signed("one", "RS256", rsa.privateKey), await signed("two", "ES256", ec.privateKey)]) {
      expect(await authenticate({ token, session: "s", peer })).toMatchObject({ user: "ann" });
    }
    const unknown = await signed("three", "RS256", otherRsa.privateKey);
    await expect(Promise.resolve(authenticate({ token: unknown, session: "s", peer }))).rejects.toMatchObject({
      code: "token-invalid",
    });
    expect(count()).toBe(1);
    close();
  });

  it.each([
    ["fails", 500, "{}"],
    ["is no JSON", 200, "<html>"],
    ["is no key set", 200, '{"keys":1}'],
  ])("leaves the token open when it %s: the client may try again", async (_what, status, body) => {
    const { url, close } = await served(() => ({ status, body }));
    const error = await refusalOf(
      { algorithms: ["RS256"], jwksUrl: url },
      await signed("one", "RS256", rsa.privateKey),
    );
    expect(error).toMatchObject({ code: "internal", retry: true });
    close();
  });

  it("leaves the token open when nobody answers", async () => {
    const { url, close } = await served(() => ({ status: 200, body: "" }));
    close();
    const error = await refusalOf(
      { algorithms: ["RS256"], jwksUrl: url },
      await signed("one", "RS256", rsa.privateKey),
    );
    expect(error).toMatchObject({ code: "internal", retry: true });
  });

  it("can be given as it is", async () => {
    expect(
      await ask({ algorithms: ["ES256"], jwks: await keySet() }, await signed("two", "ES256", ec.privateKey)),
    ).toMatchObject({ user: "ann" });
  });
});
