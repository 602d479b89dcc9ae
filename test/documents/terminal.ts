import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";

const wscat = createRequire(import.meta.url).resolve("wscat/bin/wscat");

/** What a terminal shows beside text: colours, and where the cursor goes. */
const escapes = /\u001b\[[0-9;?]*[A-Za-z]/g;

/**
 * `wscat`, a WebSocket client that knows nothing of Hawser, in a terminal (util-linux's `script` makes one): without one it
 * does not say when it is connected.
 */
export class Terminal {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: string[] = [];
  #unfinished = "";
  #connected = false;
  #changed: (() => void) | undefined;

  constructor(url: string) {
    const command = `'${process.execPath}' '${wscat}' --connect '${url}' --subprotocol hawser.v1.json`;
    this.#child = spawn("script", ["--quiet", "--return", "--flush", "--command", command, "/dev/null"]);
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => this.#read(text));
    this.#child.once("close", () => this.#changed?.());
  }

  async connected(): Promise<void> {
    await this.#until(() => this.#connected);
  }

  /** Frames that came and were not taken. */
  get untaken(): readonly string[] {
    return this.#lines;
  }

  type(line: string): void {
    this.#child.stdin.write(`${line}\r`);
  }

  /** The first frame that came for which `wanted` says yes; it is taken away. Rejects when the client ends first. */
  async line(wanted: (line: string) => boolean): Promise<string> {
    await this.#until(() => this.#lines.some(wanted));
    return this.#lines.splice(this.#lines.findIndex(wanted), 1)[0]!;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "close");
    this.#child.kill("SIGKILL");
    await ended;
  }

  #read(text: string): void {
    const pieces = `${this.#unfinished}${text}`.split("\n");
    this.#unfinished = pieces.pop()!;
    for (const piece of pieces) {
      const line = piece.replaceAll(escapes, "");
      if (line.includes("Connected (")) this.#connected = true;
      const came = /< (\{.*\})/.exec(line)?.[1];
      if (came !== undefined) this.#lines.push(came);
    }
    this.#changed?.();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#child.exitCode !== null) throw new Error(`wscat ended; not taken: ${this.#lines.join("\n")}`);
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }
}
