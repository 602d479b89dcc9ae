import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const command = fileURLToPath(new URL("../../packages/hawser/bin/hawser.js", import.meta.url));

/** A server of the `hawser` command in a process of its own, on a data folder of its own; it can be killed and started again. */
export class HawserProcess {
  readonly #arguments: readonly string[];
  readonly #environment: Readonly<Record<string, string>>;
  readonly folder: string;
  #child: ChildProcess | undefined;
  #port = 0;

  private constructor(folder: string, more: readonly string[], environment: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.#arguments = more;
    this.#environment = environment;
  }

  /** Starts on a free port; later starts take the same one. */
  static async start(
    more: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<HawserProcess> {
    const made = new HawserProcess(await mkdtemp(join(tmpdir(), "hawser-test-")), more, environment);
    await made.start();
    return made;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}/hawser`;
  }

  async start(): Promise<void> {
    const options = [
      "serve",
      "--port",
      String(this.#port),
      "--data",
      join(this.folder, "data"),
      "--log-level",
      "warn",
      ...this.#arguments,
    ];
    const child = spawn(process.execPath, [command, ...options], {
      stdio: ["ignore", "pipe", "pipe"],
      cwd: this.folder,
      env: { ...process.env, ...this.#environment },
    });
    this.#child = child;
    this.#port = await portOf(child);
  }

  /** `kill -9`: nothing is said to anyone, nothing is flushed. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** The good order of SIGTERM. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Memory of the process that no file backs, in bytes: pages of the mapped log are the kernel's to take back. */
  async anonymousBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.#child?.pid}/status`, "utf8");
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }
}

/** Waits for the line in which the command says where it listens. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = "";
    const read = (chunk: Buffer): void => {
      said += chunk.toString("utf8");
      const found = /:(\d+)\/hawser/.exec(said);
      if (found !== null) resolve(Number(found[1]));
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
    child.once("exit", (code, signal) => reject(new Error(`the server ended with ${code ?? signal}:\n${said}`)));
  });
}
