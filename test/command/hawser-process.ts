import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** How a command ended, and what it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly errors: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

const bin = fileURLToPath(new URL("../../packages/hawser/bin/hawser.js", import.meta.url));

/** A running `hawser` command of the build, as a user starts it. */
export class HawserProcess {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  #out = "";
  #errors = "";

  constructor(words: readonly string[], options: RunOptions = {}) {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(HAWSER_|PORT$|NO_COLOR$|FORCE_COLOR$|NODE_OPTIONS$)/.test(name),
    );
    this.child = spawn(process.execPath, [bin, ...words], {
      cwd: options.folder ?? tmpdir(),
      env: { ...Object.fromEntries(inherited), ...options.environment },
    });
    this.child.stdout.setEncoding("utf8").on("data", (text: string) => (this.#out += text));
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#errors += text));
    this.child.stdin.on("error", () => {});
    this.ended = once(this.child, "close").then((values: unknown[]) => {
      const [code, signal] = values as [number | null, NodeJS.Signals | null];
      return { code, signal, out: this.#out, errors: this.#errors };
    });
    if (options.input !== undefined) this.child.stdin.end(options.input);
  }

  get out(): string {
    return this.#out;
  }

  get errors(): string {
    return this.#errors;
  }

  /** Resolves with the match as soon as what was written to one of the streams matches; rejects when it ends before. */
  printed(pattern: RegExp, stream: "stdout" | "stderr" = "stdout"): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(stream === "stdout" ? this.#out : this.#errors);
        if (match === null) return;
        this.child[stream].off("data", look);
        resolve(match);
      };
      this.child[stream].on("data", look);
      void this.ended.then(({ code, out, errors }) =>
        reject(new Error(`ended with ${code} before it printed ${pattern}\n${out}\n${errors}`)),
      );
      look();
    });
  }

  /** Sends a signal, and waits for the end. */
  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** Runs a command to its end. */
export function run(words: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return new HawserProcess(words, { input: "", ...options }).ended;
}

/** Starts `hawser serve`, and resolves with its WebSocket's address once it says that it listens. */
export async function serve(
  words: readonly string[],
  options: RunOptions = {},
): Promise<{ readonly server: HawserProcess; readonly url: string; readonly page: string }> {
  const server = new HawserProcess(["serve", ...words], options);
  const [, url = ""] = await server.printed(/Clients +(ws:\S+)[^]*Where .*\n/);
  return { server, url, page: new URL("/", url.replace("ws:", "http:")).href };
}

/** A port that was free a moment ago, for servers that must come back on the same one. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

/** Ends and deletes what a test began, in the opposite order. */
export class Cleanup {
  readonly #steps: (() => unknown)[] = [];

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** A folder that is deleted at the end. */
  folder(): string {
    const path = mkdtempSync(join(tmpdir(), "hawser-e2e-"));
    this.add(() => rmSync(path, { recursive: true, force: true }));
    return path;
  }

  /** A process that is killed at the end, if it still runs. */
  process<Started extends HawserProcess>(started: Started): Started {
    this.add(() => started.stop("SIGKILL"));
    return started;
  }

  async run(): Promise<void> {
    for (const step of this.#steps.splice(0).toReversed()) await step();
  }
}
