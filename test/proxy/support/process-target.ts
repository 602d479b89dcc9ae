import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const program = `
  import { createServer } from "node:http";
  import { WebSocketServer } from "ws";
  const server = createServer((_, response) => response.end());
  new WebSocketServer({ server });
  server.listen(0, "127.0.0.1", () => process.stdout.write(String(server.address().port)));
`;

/** A server of `ws` in a process of its own, which can be killed or frozen. It answers `GET` with 200. */
export class ProcessTarget {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: string) {
    this.#child = child;
    this.url = `ws://127.0.0.1:${port}`;
  }

  static async start(): Promise<ProcessTarget> {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: fileURLToPath(new URL(".", import.meta.url)),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [port] = (await once(child.stdout, "data")) as [Buffer];
    return new ProcessTarget(child, port.toString());
  }

  /** It runs no more, while the kernel goes on to take its connections. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  stop(): Promise<void> {
    return this.kill();
  }
}
