import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HawserProcess } from "../support/hawser-process.ts";

const command = fileURLToPath(new URL("../../packages/hawser/bin/hawser.js", import.meta.url));
const page = fileURLToPath(new URL("../../docs/operating/load-balancers.md", import.meta.url));

/** Two nodes in processes of their own, on one log in a third one. */
export interface BalancedNodes {
  readonly nodes: readonly HawserProcess[];
  remove(): Promise<void>;
}

export async function startNodes(): Promise<BalancedNodes> {
  const folder = await mkdtemp(join(tmpdir(), "hawser-balanced-"));
  const log = spawn(process.execPath, [command, "log"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => log.once("exit", resolve));
  const address = await new Promise<string>((resolve) => {
    let said = "";
    log.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const found = /hawser serve --log (\S+)\n/.exec(said);
      if (found !== null) resolve(found[1]!);
    });
  });
  const options = ["--log", address, "--no-page", "--drain", "2s"];
  const nodes = [await HawserProcess.start(options), await HawserProcess.start(options)];
  return {
    nodes,
    remove: async () => {
      await Promise.all(nodes.map((node) => node.remove()));
      log.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The configuration that the documents show for a balancer. */
export async function documented(language: "haproxy" | "nginx"): Promise<string> {
  const text = await readFile(page, "utf8");
  const found = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(text)?.[1];
  if (found === undefined) throw new Error(`the page has no configuration of ${language}`);
  return found;
}

/** That configuration with the ports of a test in the place of the documents'. */
export function placed(configuration: string, port: number, nodes: readonly HawserProcess[]): string {
  return configuration
    .replaceAll("10.0.0.11:8080", `127.0.0.1:${nodes[0]!.port}`)
    .replaceAll("10.0.0.12:8080", `127.0.0.1:${nodes[1]!.port}`)
    .replace("bind :8080", `bind 127.0.0.1:${port}`)
    .replace("listen 8080", `listen 127.0.0.1:${port}`);
}

/** How many connections each node has, by its own account. */
export function connectionsOf(nodes: readonly HawserProcess[]): Promise<number[]> {
  return Promise.all(
    nodes.map(async ({ port }) => {
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return Number(/^hawser_connections (\d+)$/m.exec(metrics)?.[1]);
    }),
  );
}
