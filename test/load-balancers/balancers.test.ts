import { join } from "node:path";
import { httpPollingConnector, httpStreamConnector } from "@hawser/client";
import type { Connector } from "@hawser/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ClusterTraffic, pause } from "../logs/support/cluster-traffic.ts";
import { findProgram, Program } from "../logs/support/start-program.ts";
import { connectionsOf, documented, placed, startNodes } from "./balanced-nodes.ts";
import type { BalancedNodes } from "./balanced-nodes.ts";

interface Balancer {
  readonly name: "haproxy" | "nginx";
  readonly file: string | undefined;
  readonly commandLine: (folder: string) => readonly string[];
  /** What of the documented configuration is other in a test: where files lie, and how soon old processes end. */
  readonly adapted: (configuration: string, folder: string) => string;
  readonly reload: NodeJS.Signals;
}

const balancers: readonly Balancer[] = [
  {
    name: "haproxy",
    file: findProgram("haproxy"),
    commandLine: (folder) => ["-W", "-db", "-f", join(folder, "conf")],
    adapted: (configuration) =>
      configuration.replace("hard-stop-after 30s", "hard-stop-after 1s").replace("maxconn 20000", "maxconn 1000"),
    reload: "SIGUSR2",
  },
  {
    name: "nginx",
    file: findProgram("nginx"),
    commandLine: (folder) => ["-c", join(folder, "conf"), "-p", folder],
    adapted: (configuration, folder) => {
      const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
        (name) => `${name}_temp_path ${folder}/${name};`,
      );
      return `daemon off; user root; pid ${folder}/pid; error_log ${folder}/error.log;
        ${configuration
          .replace("worker_shutdown_timeout 30s", "worker_shutdown_timeout 1s")
          .replace("http {", `http { access_log off; ${paths.join(" ")}`)}`;
    },
    reload: "SIGHUP",
  },
];

const sessions = 40;

/** Of ten sessions one comes by HTTP streams, and one by polling. */
function connectorOf(index: number): Connector | undefined {
  if (index % 10 === 8) return httpStreamConnector();
  return index % 10 === 9 ? httpPollingConnector() : undefined;
}

describe.each(balancers)("two nodes behind $name as the documents configure it", (balancer) => {
  const { name, file, commandLine, adapted, reload } = balancer;
  const skipped = file === undefined && !process.env["CI"];
  let cluster: BalancedNodes;
  let program: Program;
  let traffic: ClusterTraffic;

  beforeAll(async () => {
    if (skipped) return;
    const configuration = await documented(name);
    cluster = await startNodes();
    program = await Program.start({
      file: file ?? name,
      commandLine: ({ folder }) => commandLine(folder),
      files: { conf: ({ folder, port }) => adapted(placed(configuration, port, cluster.nodes), folder) },
    });
    traffic = new ClusterTraffic({
      urls: [`ws://127.0.0.1:${program.port}/hawser`],
      sessions,
      channels: 4,
      messagesPerSecond: 100,
      publishersPerChannel: 5,
      connectorOf,
    });
    await traffic.start();
    await traffic.more(100);
  });

  afterAll(async () => {
    await traffic?.close();
    // A master that is killed leaves its workers behind.
    await program?.stop();
    await program?.remove();
    await cluster?.remove();
  });

  /** Resolves with the fewest connections that a node has, when those are a quarter of the sessions. */
  async function fewest(): Promise<number> {
    for (;;) {
      const count = Math.min(...(await connectionsOf(cluster.nodes)));
      if (count >= sessions / 4) return count;
      await pause(100);
    }
  }

  /** The number of each WebSocket session's connection, which counts up. */
  const connections = (): number[] =>
    traffic.subscribers
      .filter((_, index) => connectorOf(index) === undefined)
      .map(({ client }) => client.status.connections[0]?.id ?? 0);

  it.skipIf(skipped)("share the connections without sticky sessions", async () => {
    expect(await fewest()).toBeGreaterThanOrEqual(sessions / 4);
  });

  it.skipIf(skipped)("go on when one of them drains and stops, and when it is back", async () => {
    await cluster.nodes[0]!.stop();
    expect(await traffic.more(100)).toBeGreaterThanOrEqual(100);
    await cluster.nodes[0]!.start();
    expect(await traffic.more(100)).toBeGreaterThanOrEqual(100);
  });

  it.skipIf(skipped)("go on when one of them is killed, and when it is back", async () => {
    await cluster.nodes[1]!.kill();
    expect(await traffic.more(200)).toBeGreaterThanOrEqual(200);
    await cluster.nodes[1]!.start();
    expect(await traffic.more(100)).toBeGreaterThanOrEqual(100);
  });

  it.skipIf(skipped)("go on when the balancer takes its configuration again, and share them anew", async () => {
    const before = connections();
    program.signal(reload);
    // The old process closes what it has: every session comes again, through the new one.
    while (connections().some((id, index) => id <= before[index]!)) await pause(100);
    expect(await traffic.more(100)).toBeGreaterThanOrEqual(100);
    expect(await fewest()).toBeGreaterThanOrEqual(sessions / 4);
  });

  it.skipIf(skipped)("have lost, doubled and disordered nothing after all that", async () => {
    await traffic.settle();
    expect(traffic.failures).toEqual([]);
    for (const { channel, messages, told } of traffic.subscribers) {
      expect(told).toEqual([]);
      const texts = messages.map(({ data }) => data as string);
      expect(texts.toSorted()).toEqual(traffic.acknowledged.get(channel)!.toSorted());
      for (const publisher of new Set(texts.map((text) => text.split(":")[0]))) {
        const rounds = texts
          .filter((text) => text.split(":")[0] === publisher)
          .map((text) => Number(text.split(":")[1]));
        expect(rounds).toEqual(rounds.toSorted((left, right) => left - right));
      }
    }
  });
});
