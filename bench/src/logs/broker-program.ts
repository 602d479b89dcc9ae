import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setImmediate } from "node:timers/promises";

/** A broker that was started for the benchmark. */
export interface BrokerProgram {
  readonly port: number;
  /** Ends it, and removes its folder. */
  remove(): Promise<void>;
}

/** Where Debian puts servers, which not every user's path names. */
const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin", "/usr/local/sbin"];

/** The first of these commands that is on this machine. */
export function findProgram(...commands: readonly string[]): string | undefined {
  return commands.flatMap((command) => folders.map((folder) => join(folder, command))).find(isExecutable);
}

/** Starts a program on a free port and in a temporary folder, and waits until it answers. */
export async function startProgram(
  file: string,
  commandLine: (port: number, folder: string) => readonly string[],
  isReady: (port: number) => Promise<boolean>,
): Promise<BrokerProgram> {
  const folder = await mkdtemp(join(tmpdir(), "hawser-logs-"));
  const port = await freePort();
  const child = spawn(file, commandLine(port, folder), { cwd: folder, stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  while (!(await isReady(port))) {
    if (child.exitCode !== null) throw new Error(`${file} ended with ${child.exitCode}`);
    await setImmediate();
  }
  return {
    port,
    remove: async () => {
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A port of the loopback interface that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Whether this user may run it. */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
