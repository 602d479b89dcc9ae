import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** How an example ended, and what it said until then. */
interface ExampleResult {
  readonly code: number | null;
  readonly out: string;
}

/** Runs an example to its end, by the command that its document names. */
export function runExample(name: string): Promise<ExampleResult> {
  return new Promise((resolve, reject) => {
    const child = spawn("npm", ["run", "--silent", "example", "--", name], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString("utf8")));
    child.stderr.on("data", (chunk: Buffer) => (out += chunk.toString("utf8")));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out }));
  });
}
