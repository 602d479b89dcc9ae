import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { WebSocket } from "ws";
import { HawserProcess } from "../command/hawser-process.ts";
import type { Cleanup } from "../command/hawser-process.ts";

/** A `hawser gateway` with a configuration of its own, as JSON. */
export class GatewayProcess {
  readonly process: HawserProcess;
  /** Where Hawser's own clients connect: `ws://127.0.0.1:PORT/hawser`. */
  readonly url: string;
  readonly #path: string;

  private constructor(process: HawserProcess, url: string, path: string) {
    this.process = process;
    this.url = url;
    this.#path = path;
  }

  static async start(cleanup: Cleanup, config: object): Promise<GatewayProcess> {
    const path = join(cleanup.folder(), "hawser.gateway.json");
    writeFileSync(path, JSON.stringify({ port: 0, ...config }));
    return GatewayProcess.of(cleanup, path);
  }

  /** One with a file that is there already. */
  static async of(
    cleanup: Cleanup,
    path: string,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<GatewayProcess> {
    const process = cleanup.process(new HawserProcess(["gateway", "--config", path], { environment }));
    const [, url = ""] = await process.printed(/Clients +(ws:\S+)[^]*Node .*\n/);
    return new GatewayProcess(process, url, path);
  }

  /** Below which the HTTP API lies. */
  get api(): string {
    return `${this.url.replace("ws:", "http:")}/api/v1`;
  }

  /** The address of a plain client. */
  plain(path: string): string {
    return new URL(path, this.url).href;
  }

  /** Writes another configuration, and has it read. Resolves with what the gateway says of it. */
  async reload(config: object | string): Promise<string> {
    writeFileSync(this.#path, typeof config === "string" ? config : JSON.stringify({ port: 0, ...config }));
    const before = this.process.errors.length;
    this.process.child.kill("SIGHUP");
    for (;;) {
      const said = /(?:was read again|nothing was changed)[^]*?\n/.exec(this.process.errors.slice(before));
      if (said !== null) return said[0];
      await once(this.process.child.stderr, "data");
    }
  }

  /** A request to its HTTP API. */
  async ask(
    method: string,
    path: string,
    key: string,
    body?: object,
  ): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
    const response = await fetch(`${this.api}/${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
}

/** A plain client, and what it hears. */
export class PlainClient {
  readonly socket: WebSocket;
  readonly #heard: string[] = [];
  #closed: readonly [number, string] | undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => this.#heard.push(data.toString()));
    socket.on("close", (code, reason) => (this.#closed = [code, reason.toString()]));
  }

  static async open(url: string, protocols: readonly string[] = []): Promise<PlainClient> {
    const client = new PlainClient(new WebSocket(url, [...protocols]));
    await once(client.socket, "open");
    return client;
  }

  say(text: string): void {
    this.socket.send(text);
  }

  /** The next message, in order. */
  async hear(): Promise<string> {
    while (this.#heard.length === 0) await once(this.socket, "message");
    return this.#heard.shift()!;
  }

  /** Code and reason that it was closed with. */
  async closed(): Promise<readonly [number, string]> {
    if (this.#closed === undefined) await once(this.socket, "close");
    return this.#closed!;
  }
}

/** Starts a program in Python, and resolves with the port that it says it listens on. */
export async function startPython(
  cleanup: Cleanup,
  program: string,
  environment: Readonly<Record<string, string>>,
): Promise<number> {
  const path = join(cleanup.folder(), "app.py");
  writeFileSync(path, program);
  const child: ChildProcessWithoutNullStreams = spawn("python3", [path], {
    env: { ...process.env, ...environment, PORT: "0" },
  });
  const ended = once(child, "close");
  cleanup.add(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  let out = "";
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
      const [, port] = /listening on (\d+)\n/.exec(out) ?? [];
      if (port !== undefined) resolve(Number(port));
    });
    void ended.then(() => reject(new Error(`python3 ended: ${errors}`)));
  });
}
