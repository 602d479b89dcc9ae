import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import type { AppendOutcome, Head } from "@hawser/log";

/** What `child.mjs` says. */
export type Said =
  | { readonly kind: "open"; readonly epoch: number }
  | { readonly kind: "refused"; readonly code: string; readonly message: string }
  | { readonly kind: "page"; readonly channel: string; readonly count: number }
  | { readonly kind: "closed" }
  | {
      readonly kind: "outcome";
      readonly channel: string;
      readonly producer: string;
      readonly sequence: number;
      readonly outcome: AppendOutcome;
    }
  | { readonly kind: "accepted"; readonly sequence: number; readonly head: Head }
  | { readonly kind: "log-full"; readonly sequence: number; readonly head: Head };

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly errors: string;
}

/** A process that runs `child.mjs`. */
export class Child {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** @param fileLimitKiB how large a file it may write, in KiB. */
  constructor(command: string, options: object, fileLimitKiB?: number) {
    const script = new URL("./child.mjs", import.meta.url).pathname;
    const node = [process.execPath, script, command, JSON.stringify(options)] as const;
    this.#process =
      fileLimitKiB === undefined
        ? spawn(node[0], node.slice(1), { stdio: ["ignore", "pipe", "pipe"] })
        : // Blocks of 512 bytes: what POSIX says.
          spawn("/bin/sh", ["-c", `ulimit -S -f ${fileLimitKiB * 2} && exec "$@"`, "sh", ...node], {
            stdio: ["ignore", "pipe", "pipe"],
          });
    this.pid = this.#process.pid!;
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
    let errors = "";
    this.#process.stderr!.setEncoding("utf8").on("data", (text: string) => (errors += text));
    this.ended = once(this.#process, "close").then(([code, signal]) => ({ code, signal, errors }));
    onTestFinished(() => void this.#process.kill("SIGKILL"));
  }

  /** The next thing that it says; `undefined` when it has ended. */
  async hear(): Promise<Said | undefined> {
    const { value, done } = await this.#lines.next();
    return done === true ? undefined : (JSON.parse(value) as Said);
  }

  /** The next thing of this kind; fails when it does not come. */
  async hearOf<Kind extends Said["kind"]>(kind: Kind): Promise<Extract<Said, { kind: Kind }>> {
    for (let said = await this.hear(); said !== undefined; said = await this.hear()) {
      if (said.kind === kind) return said as Extract<Said, { kind: Kind }>;
      if (said.kind === "refused") throw new Error(`the child was refused: ${said.code} ${said.message}`);
    }
    const { code, signal, errors } = await this.ended;
    throw new Error(`the child never said "${kind}" and ended with ${code ?? signal}: ${errors}`);
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.ended;
  }
}
