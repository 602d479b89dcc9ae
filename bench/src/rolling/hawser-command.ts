import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../../../packages/hawser/bin/hawser.js", import.meta.url));

/** A command of `hawser` that goes on until it is stopped, and can be started again with the same words. */
export class HawserCommand {
  readonly #words: readonly string[];
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #said = "";

  constructor(words: readonly string[], folder: string) {
    this.#words = words;
    this.#folder = folder;
  }

  /** What it wrote since it was started last. */
  get said(): string {
    return this.#said;
  }

  /** Resolves with what matches `ready` in what it says. */
  start(ready: RegExp): Promise<string> {
    this.#said = "";
    const child = spawn(process.execPath, [bin, ...this.#words], {
      cwd: this.#folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    return new Promise((resolve, reject) => {
      const read = (chunk: Buffer): void => {
        this.#said += chunk.toString("utf8");
        const match = ready.exec(this.#said);
        if (match !== null) resolve(match[1] ?? match[0]);
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.once("exit", (code, signal) =>
        reject(new Error(`hawser ${this.#words.join(" ")} ended with ${code ?? signal}:\n${this.#said}`)),
      );
    });
  }

  /** Sends a signal, and resolves with the exit code when the process has ended. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    child.kill(signal);
    return ended;
  }
}
