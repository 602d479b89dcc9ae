import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** How an example ended, and what it said until then. */
interface ExampleResult {
  readonly code: number | null;
  readonly out: string;
}

/** An example that serves until it is stopped. */
interface ServingExample {
  /** Where its page is, as it said. */
  readonly address: string;
  /** What Ctrl+C does; resolves when all its processes have ended. */
  readonly stop: () => Promise<void>;
}

/** Runs an example to its end, by the command that its document names. */
export function runExample(name: string): Promise<ExampleResult> {
  return new Promise((resolve, reject) => {
    const child = start(name);
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString("utf8")));
    child.stderr.on("data", (chunk: Buffer) => (out += chunk.toString("utf8")));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out }));
  });
}

/** Starts an example on a free port, and waits until it says where its page is. */
export function serveExample(name: string): Promise<ServingExample> {
  return new Promise((resolve, reject) => {
    const child = start(name);
    // "close" comes when nobody holds the pipes any more, neither npm nor what it has started.
    const ended = new Promise<void>((end) => child.once("close", () => end()));
    let out = "";
    child.stderr.on("data", (chunk: Buffer) => (out += chunk.toString("utf8")));
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString("utf8");
      const [address] = /http:\S+/.exec(out) ?? [];
      if (address === undefined) return;
      const stop = (): Promise<void> => {
        // As a terminal does, to all processes that npm has started.
        if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, "SIGINT");
        return ended;
      };
      resolve({ address, stop });
    });
    void ended.then(() => reject(new Error(`${name} ended:\n${out}`)));
  });
}

function start(name: string): ChildProcessByStdio<null, Readable, Readable> {
  return spawn("npm", ["run", "--silent", "example", "--", name], {
    cwd: root,
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
}
