import { describe, expect, it, onTestFinished } from "vitest";
import { selfSigned } from "../../support/self-signed.ts";
import { expectServedSecurely } from "../support/secure-serve.ts";
import { Program } from "../support/start-program.ts";
import { openRedisLog, plain } from "./redis-log.ts";
import { redisServer } from "./redis-server.ts";

/** Lets in one user by name and password, over TLS alone. */
async function secureRedis(more: readonly string[] = []): Promise<Program> {
  const program = await Program.start({
    file: redisServer!,
    files: {
      "cert.pem": selfSigned.cert,
      "key.pem": selfSigned.key,
      "users.acl": "user default off\nuser ann on >secret-of-ann ~* +@all\n",
    },
    commandLine: ({ folder, port }) => [
      ...["--bind", "127.0.0.1", "--port", "0", "--tls-port", `${port}`, "--dir", folder, "--save", ""],
      ...["--tls-cert-file", `${folder}/cert.pem`, "--tls-key-file", `${folder}/key.pem`],
      ...["--tls-ca-cert-file", `${folder}/cert.pem`, "--aclfile", `${folder}/users.acl`],
      ...["--appendonly", "yes", ...more],
    ],
  });
  onTestFinished(() => program.remove());
  return program;
}

const withoutCertificates = ["--tls-auth-clients", "no"];
const user = { username: "ann", password: "secret-of-ann" } as const;
const durabilities = ["memory", "commit"] as const;

describe.skipIf(redisServer === undefined && !process.env["CI"])("a Redis that is spoken to over TLS", () => {
  it("is served from by its address alone", async () => {
    const { port } = await secureRedis(withoutCertificates);
    await expectServedSecurely({
      address: (password) => `rediss://${user.username}:${password}@127.0.0.1:${port}`,
      password: user.password,
      refusal: /WRONGPASS/,
    });
  });

  it("says at once that it does not let somebody in, or that its authority is not known", async () => {
    const { port } = await secureRedis(withoutCertificates);
    const url = `rediss://127.0.0.1:${port}`;
    const socket = { tls: true, ca: selfSigned.cert } as const;
    const never = { openTimeoutMs: 1e9, durabilities };
    await expect(
      openRedisLog(0, {}, { ...never, url, client: { username: "ann", password: "wrong", socket } }),
    ).rejects.toMatchObject({ code: "log-unavailable", message: expect.stringContaining("WRONGPASS") });
    await expect(openRedisLog(0, {}, { ...never, url, client: { socket } })).rejects.toMatchObject({
      code: "log-unavailable",
      message: expect.stringContaining("NOAUTH"),
    });
    await expect(openRedisLog(0, {}, { ...never, url, client: user })).rejects.toMatchObject({
      code: "log-unavailable",
      message: expect.stringContaining("self-signed certificate"),
    });
  });

  it("lets in by the client's certificate where it asks for one", async () => {
    const { port } = await secureRedis();
    const { cert, key } = selfSigned;
    const socket = { tls: true, ca: cert, cert, key } as const;
    const log = await openRedisLog(
      0,
      {},
      { url: `rediss://127.0.0.1:${port}`, client: { ...user, socket }, durabilities },
    );
    expect(await log.append([plain("a", "1")])).toMatchObject([{ kind: "accepted" }]);
  });
});
