import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import type { ServerLimits } from "@hawser/log-server";

/** A process that owns an embedded log and serves it. */
export class ServerProcess {
  readonly #options: { readonly path: string; readonly socket: string; readonly limits: Partial<ServerLimits> };
  #process: ChildProcess | undefined;

  constructor(path: string, socket: string, limits: Partial<ServerLimits> = {}) {
    this.#options = { path, socket, limits };
    onTestFinished(() => this.kill());
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    const script = new URL("./child.mjs", import.meta.url).pathname;
    const child = fork(script, [JSON.stringify(this.#options)], { execArgv: ["--expose-gc"] });
    this.#process = child;
    await Promise.race([
      once(child, "message"),
      once(child, "exit").then(() => Promise.reject(new Error("the server did not start"))),
    ]);
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Bytes of all its buffers. */
  async bufferBytes(): Promise<number> {
    const answer = once(this.#process!, "message");
    this.#process!.send("memory");
    const [{ bytes }] = (await answer) as [{ bytes: number }];
    return bytes;
  }
}
