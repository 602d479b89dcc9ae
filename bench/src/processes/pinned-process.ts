import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

/** Whether processes can be kept to a core each: `taskset` is there, and there are two cores. */
export const canPin: boolean = availableParallelism() >= 2 && spawnSync("taskset", ["--version"]).status === 0;

interface Waiting<Reply> {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** A child that answers one command at a time, on a core of its own where that is possible. */
export class PinnedProcess<Command extends object, Reply> {
  readonly #child: ChildProcess;
  readonly #name: string;
  #waiting: Waiting<Reply> | undefined;
  #ended: Error | undefined;

  /**
   * `module` is relative to the folder of the benchmarks; `core` is counted from 0. By default it runs on this Node.
   *
   * @param within - A command that runs the rest of its words somewhere else, such as in another network.
   */
  constructor(module: string, core: number, program: string = process.execPath, within: readonly string[] = []) {
    const script = fileURLToPath(new URL(`../${module}`, import.meta.url));
    const pinned = canPin ? ["taskset", "-c", String(core), program, script] : [program, script];
    const command = [...within, ...pinned];
    this.#name = module;
    this.#child = spawn(command[0]!, command.slice(1), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#child.on("message", (reply: Reply) => this.#settle()?.resolve(reply));
    this.#child.on("error", (error) => this.#end(error));
    this.#child.on("exit", (code, signal) => this.#end(new Error(`${module} ended with ${code ?? signal}`)));
  }

  async ask(command: Command): Promise<Reply> {
    if (this.#ended !== undefined) throw this.#ended;
    if (this.#waiting !== undefined) throw new Error(`${this.#name} has not answered yet`);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#child.send(command);
    });
  }

  async stop(): Promise<void> {
    if (this.#ended !== undefined) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await ended;
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#settle()?.reject(error);
  }

  #settle(): Waiting<Reply> | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}
