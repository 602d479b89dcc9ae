import { afterAll, beforeAll, describe, it } from "vitest";
import { natsLog } from "@hawser/log-nats";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { expectLeaderMayDie } from "../support/killed-leader.ts";
import type { Program } from "../support/start-program.ts";
import { anotherPort, startNats, withoutNats } from "./nats-server.ts";

describe.skipIf(withoutNats)("a stream with three replicas on three servers", () => {
  let servers: ReadonlyMap<string, Program>;

  beforeAll(async () => {
    const routes = [await anotherPort(), await anotherPort(), await anotherPort()];
    const started = routes.map(async (port, index): Promise<[string, Program]> => {
      const name = `server-${index}`;
      const others = routes.map((route) => `"nats://127.0.0.1:${route}"`).join(", ");
      const cluster = `cluster { name: "three", listen: "127.0.0.1:${port}", routes: [${others}] }`;
      return [name, await startNats(({ jetstream }) => `server_name: "${name}"\n${cluster}\n${jetstream("")}`)];
    });
    servers = new Map(await Promise.all(started));
  });
  afterAll(() => Promise.all([...(servers ?? []).values()].map((server) => server.remove())));

  function addresses(): string[] {
    return [...servers.values()].map(({ port }) => `127.0.0.1:${port}`);
  }

  async function leader(): Promise<Program> {
    const nats = await connect({ servers: addresses() });
    try {
      for (;;) {
        const { cluster } = await (await jetstreamManager(nats)).streams.info("hawser_0");
        const found = servers.get(cluster?.leader ?? "");
        if (found !== undefined) return found;
      }
    } finally {
      await nats.close();
    }
  }

  it("loses nothing that it acknowledged, and keeps its order, when its leader is killed under those who publish", async () => {
    const options = { servers: addresses(), replicas: 3, maxReconnectMs: 200, requestTimeoutMs: 1_000 };
    await expectLeaderMayDie({ log: () => natsLog(options), leader });
  });
});
