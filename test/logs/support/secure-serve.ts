import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { connect, wholeLog } from "../../support/clients.ts";
import { HawserProcess } from "../../support/hawser-process.ts";
import { selfSigned } from "../../support/self-signed.ts";

/** A broker that is spoken to over TLS, by who says who it is. */
export interface SecureBroker {
  /** Its address, with a password in it. */
  readonly address: (password: string) => string;
  readonly password: string;
  /** What is said where the password is another one. */
  readonly refusal: RegExp;
}

/**
 * Expects that `hawser serve --log` with its address works where the authority is known (`NODE_EXTRA_CA_CERTS`), and that it ends with a
 * reason, in which no password stands, where that is not so or the password is wrong.
 */
export async function expectServedSecurely({ address, password, refusal }: SecureBroker): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "hawser-authority-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const authority = join(folder, "authority.pem");
  await writeFile(authority, selfSigned.cert);
  const trusting = { NODE_EXTRA_CA_CERTS: authority };
  const [strange, wrong] = await Promise.all([
    ending(address(password), {}),
    ending(address("wrong-secret"), trusting),
  ]);
  expect(strange).toMatch(/self-signed certificate/i);
  expect(strange).not.toContain(password);
  expect(wrong).toMatch(refusal);
  expect(wrong).not.toContain("wrong-secret");
  const node = await HawserProcess.start(["--log", address(password), "--no-page"], trusting);
  onTestFinished(() => node.remove());
  const client = connect(node.url, "ann");
  onTestFinished(() => client.close());
  await client.channel("chat.secure").publish("hello");
  expect((await wholeLog(client.channel("chat.secure"))).map(({ data }) => data)).toEqual(["hello"]);
}

/** What a node says that ends because of its log. */
async function ending(address: string, environment: Readonly<Record<string, string>>): Promise<string> {
  try {
    const node = await HawserProcess.start(["--log", address, "--no-page"], environment);
    await node.remove();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it started");
}
