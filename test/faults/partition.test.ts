import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Networks } from "../support/networks.ts";

const support = (name: string): string => fileURLToPath(new URL(`../support/${name}`, import.meta.url));
const hosts = ["client", "a", "b"];
const problem = Networks.problem(hosts);
/** In the name of the test, so that a run says what it has not shown. */
const skipped = problem === undefined ? "" : ` (skipped, no network namespaces here: ${problem})`;

/** A process on a host, and what it says, line by line. */
class HostProcess {
  readonly #child: ChildProcess;
  readonly lines: string[] = [];
  #wake = (): void => {};

  constructor(command: readonly string[], folder: string) {
    const [program = "", ...words] = command;
    this.#child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"], cwd: folder });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      this.lines.push(line);
      this.#wake();
    });
  }

  /** The first line that matches, from line `from` on. */
  async said(pattern: RegExp, from = 0): Promise<string> {
    for (;;) {
      const found = this.lines.slice(from).find((line) => pattern.test(line));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await ended;
  }
}

describe.skipIf(problem !== undefined)(`a partition between a client and its node${skipped}`, () => {
  let networks: Networks;
  const processes: HostProcess[] = [];
  let folder = "";

  beforeAll(() => {
    networks = Networks.open(hosts);
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "hawser-test-"));
  });

  afterEach(async () => {
    networks.heal();
    await Promise.all(processes.splice(0).map((one) => one.stop()));
    await rm(folder, { recursive: true });
  });

  afterAll(() => networks.close());

  function start(host: string, script: string, ...words: readonly string[]): HostProcess {
    const made = new HostProcess([...networks.commandOn(host), process.execPath, support(script), ...words], folder);
    processes.push(made);
    return made;
  }

  it.each([
    { scheme: "ws", connections: 1 },
    { scheme: "ws", connections: 2 },
    { scheme: "tcp", connections: 1 },
    { scheme: "tcp", connections: 2 },
  ])(
    "over $scheme with $connections connections is found, and the session goes on over the other node without a loss",
    async ({ scheme, connections }) => {
      const urls: string[] = [];
      for (const host of ["a", "b"]) {
        const node = start(host, "stream-node.mjs", host, networks.addressOf(host), join(folder, "log.sock"));
        const line = await node.said(new RegExp(`^listening .*${scheme}:`));
        urls.push(line.split(" ").find((url) => url.startsWith(`${scheme}:`))!);
      }
      const client = start("client", "stream-client.mjs", String(connections), ...urls);
      await client.said(/^message 500$/);
      const before = client.lines.length;
      networks.part("client", "a");
      // Only the other one is left, by what the client found out itself.
      await client.said(new RegExp(`^connected to ${urls[1]}( ${urls[1]})?$`), before);
      const told = client.lines.length;
      const last = Number(/\d+/.exec(client.lines.findLast((line) => line.startsWith("message")) ?? "")?.[0]);
      await client.said(new RegExp(`^message ${last + 2_000}$`), told);
      networks.heal();
      networks.part("client", "b");
      const healed = client.lines.length;
      await client.said(new RegExp(`^connected to ${urls[0]}( ${urls[0]})?$`), healed);
      await client.said(new RegExp(`^message ${last + 5_000}$`));
      const messages = client.lines.filter((line) => line.startsWith("message"));
      expect(messages).toEqual(messages.map((_, index) => `message ${index}`));
      expect(client.lines).not.toContain("lost");
      expect(client.lines).not.toContain("reset");
    },
  );
});
