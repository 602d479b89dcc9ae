import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { natsSource } from "@hawser/log-nats";
import type { NatsOptions } from "@hawser/log-nats";
import type { Broker } from "@hawser/log/broker";
import { systemPorts } from "@hawser/protocol";
import { nkeyAuthenticator, nkeys } from "@nats-io/transport-node";
import type { NodeConnectionOptions } from "@nats-io/transport-node";
import { selfSigned } from "../../support/self-signed.ts";
import { expectServedSecurely } from "../support/secure-serve.ts";
import type { Program } from "../support/start-program.ts";
import { startNats, withoutNats } from "./nats-server.ts";

const tls = { ca: selfSigned.cert };
const user = { user: "ann", pass: "secret-of-ann" } as const;

describe.skipIf(withoutNats)("a NATS that is spoken to over TLS", () => {
  let files: string;

  beforeAll(async () => {
    files = await mkdtemp(join(tmpdir(), "hawser-nats-"));
    await writeFile(join(files, "cert.pem"), selfSigned.cert);
    await writeFile(join(files, "key.pem"), selfSigned.key);
  });
  afterAll(() => rm(files, { recursive: true, force: true }));

  /** @param authorization the lines of its configuration that say who is let in. */
  async function secureNats(authorization: string, login: NodeConnectionOptions): Promise<Program> {
    const certificate = `tls { cert_file: "${join(files, "cert.pem")}", key_file: "${join(files, "key.pem")}" }`;
    const program = await startNats(({ jetstream }) => `${jetstream("")}\n${certificate}\n${authorization}`, {
      ...login,
      tls,
    });
    onTestFinished(() => program.remove());
    return program;
  }

  async function open(port: number, options: NatsOptions): Promise<readonly Broker[]> {
    const source = natsSource({ servers: `127.0.0.1:${port}`, tls, ...options });
    onTestFinished(() => source.close());
    return source.open(systemPorts());
  }

  it("lets in by name and password, and says whom it does not and which authority is not known", async () => {
    const { port } = await secureNats(`authorization { user: ann, password: "${user.pass}" }`, user);
    expect(await open(port, user)).toHaveLength(1);
    await expect(open(port, { ...user, pass: "wrong" })).rejects.toMatchObject({
      code: "log-unavailable",
      message: expect.stringMatching(/authorization/i),
    });
    await expect(open(port, { ...user, tls: {} })).rejects.toMatchObject({
      code: "log-unavailable",
      message: expect.stringMatching(/self-signed certificate/i),
    });
    await expectServedSecurely({
      address: (password) => `tls://${user.user}:${password}@127.0.0.1:${port}`,
      password: user.pass,
      refusal: /authorization/i,
    });
  });

  it("lets in by a token", async () => {
    const token = "a-token-of-ours";
    const { port } = await secureNats(`authorization { token: "${token}" }`, { token });
    expect(await open(port, { token })).toHaveLength(1);
    await expect(open(port, { token: "wrong" })).rejects.toMatchObject({
      code: "log-unavailable",
      message: expect.stringMatching(/authorization/i),
    });
  });

  it("lets in by an nkey, which an authenticator of the client's shows", async () => {
    const [ours, theirs] = [nkeys.createUser(), nkeys.createUser()];
    const authenticator = nkeyAuthenticator(ours.getSeed());
    const { port } = await secureNats(`authorization { users: [{ nkey: ${ours.getPublicKey()} }] }`, {
      authenticator,
    });
    expect(await open(port, { authenticator })).toHaveLength(1);
    await expect(open(port, { authenticator: nkeyAuthenticator(theirs.getSeed()) })).rejects.toMatchObject({
      code: "log-unavailable",
      message: expect.stringMatching(/authorization/i),
    });
  });
});
