import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** Where Debian puts servers, which not every user's path names. */
const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin", "/usr/local/sbin"];

/** The first of these commands that is on this machine; `undefined` where none is. */
export function findProgram(...commands: readonly string[]): string | undefined {
  return commands.flatMap((command) => folders.map((folder) => join(folder, command))).find(isExecutable);
}

/** A port of the loopback interface that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Where it is started. */
export interface ProgramPlace {
  readonly folder: string;
  readonly port: number;
}

/** How a program is started: made anew for each start, of its folder and port. */
export interface ProgramDescription {
  /** Its file, as {@link findProgram} gives it. */
  readonly file: string;
  readonly commandLine: (place: ProgramPlace) => readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Files that are written into the folder before the first start, by their names. */
  readonly files?: Readonly<Record<string, string | ((place: ProgramPlace) => string)>>;
  /** What has to be done once with these files, before the first start. */
  readonly prepare?: (place: ProgramPlace) => Promise<void>;
  /** Whether it is ready, asked again and again. Default: whether it listens on its port. */
  readonly isReady?: (port: number) => Promise<boolean>;
}

/**
 * A server program of a test: on a free port of the loopback interface, in a temporary folder, ended by the id that it was
 * started with. It can be stopped, killed, and started again on the same port and folder.
 */
export class Program {
  readonly folder: string;
  readonly port: number;
  readonly #description: ProgramDescription;
  #child: ChildProcess | undefined;
  #said = "";

  private constructor(description: ProgramDescription, folder: string, port: number) {
    this.#description = description;
    this.folder = folder;
    this.port = port;
  }

  static async start(description: ProgramDescription): Promise<Program> {
    const folder = await mkdtemp(join(tmpdir(), "hawser-program-"));
    const program = new Program(description, folder, await freePort());
    for (const [name, text] of Object.entries(description.files ?? {}))
      await writeFile(join(folder, name), typeof text === "string" ? text : text(program));
    await description.prepare?.(program);
    await program.start();
    return program;
  }

  /** Resolves when it is ready. Rejects with what it said if it ends instead. */
  async start(): Promise<void> {
    const { file, commandLine, environment, isReady = listens } = this.#description;
    const child = spawn(file, commandLine(this), {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...environment },
    });
    this.#child = child;
    const hear = (chunk: Buffer): void => {
      this.#said = (this.#said + chunk.toString()).slice(-4_000);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    let ended = false;
    child.once("error", () => (ended = true));
    child.once("exit", () => (ended = true));
    while (!(await isReady(this.port))) {
      if (ended) throw new Error(`${file} ended:\n${this.#said}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  /** `kill -9`. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** Sends it a signal that it outlives. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Kills it, and removes its folder. */
  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }
}

/** Whether somebody accepts connections on this port. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
