import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { findProgram } from "../logs/broker-program.ts";
import { canPin } from "../processes/pinned-process.ts";

/** A proxy that is another program, with one thread of work. */
export interface BalancerProgram {
  readonly port: number;
  readonly pid: number;
  remove(): Promise<void>;
}

/** How each is told to pass WebSockets to one target, with one thread, and nothing else. */
const configurations = {
  haproxy: {
    commandLine: (folder: string) => ["-db", "-f", join(folder, "conf")],
    text: (port: number, target: number) => `
global
  nbthread 1
  maxconn 1000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
listen proxy
  bind 127.0.0.1:${port}
  server echo 127.0.0.1:${target}
`,
  },
  nginx: {
    commandLine: (folder: string) => ["-c", join(folder, "conf"), "-p", folder],
    text: (port: number, target: number, folder: string) => `
daemon off;
master_process off;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 1000; }
http {
  access_log off;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`).join("\n  ")}
  upstream echo { server 127.0.0.1:${target}; }
  server {
    listen 127.0.0.1:${port};
    tcp_nodelay on;
    location / {
      proxy_pass http://echo;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_read_timeout 1h;
    }
  }
}
`,
  },
} as const;

export type BalancerName = keyof typeof configurations;

/** Starts it on a core of its own; `undefined` where it is not installed. */
export async function startBalancer(
  name: BalancerName,
  target: number,
  core: number,
): Promise<BalancerProgram | undefined> {
  const file = findProgram(name);
  if (file === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "hawser-proxy-"));
  const port = await freePort();
  const { commandLine, text } = configurations[name];
  writeFileSync(join(folder, "conf"), text(port, target, folder));
  const command = [file, ...commandLine(folder)];
  // taskset becomes the program: the id stays.
  const [first = "", ...rest] = canPin ? ["taskset", "-c", String(core), ...command] : command;
  const child = spawn(first, rest, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  while (!(await listens(port))) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
    await setTimeout(20);
  }
  return {
    port,
    pid: child.pid!,
    remove: async () => {
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The kernel's clock tick, in which it counts processor time. */
const ticksPerSecond = 100;

/** Processor time of a process since it began, by the kernel's account: the same for every program. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
