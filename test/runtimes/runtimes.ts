import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

const require = createRequire(import.meta.url);

/** Where a runtime that npm brings has its program; `undefined` on platforms that it does not bring it for. */
function programOf(name: string, path: string): string | undefined {
  try {
    return join(dirname(require.resolve(`${name}/package.json`)), path);
  } catch {
    return undefined;
  }
}

export interface Runtime {
  readonly name: string;
  readonly command: readonly (string | undefined)[];
  readonly serves: boolean;
}

/** All on which clients run; Deno does not run the server. `scripts/ensure-newer-node.mjs` fetches the newer Node. */
export const runtimes: readonly Runtime[] = [
  { name: "this Node", command: [process.execPath], serves: true },
  { name: "a newer Node", command: [process.env["NEWER_NODE"]], serves: true },
  { name: "Bun", command: [programOf("@oven/bun-linux-x64", "bin/bun")], serves: true },
  { name: "Deno", command: [programOf("@deno/linux-x64-glibc", "deno"), "run", "-A"], serves: false },
];

/** Runs a script, and gives what it says in its first line. */
export function say({ command }: Runtime, script: string, ...given: string[]): Promise<Record<string, unknown>> {
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

/** Whether npm has brought it for this platform. */
export const there = ({ command }: Runtime): boolean => command[0] !== undefined;
