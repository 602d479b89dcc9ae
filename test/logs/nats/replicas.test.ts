import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Append, AppendOutcome, Log } from "@hawser/log";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { Program } from "../support/start-program.ts";
import { follow, openNatsLog, plain, textOf, until } from "./nats-log.ts";
import { anotherPort, startNats, withoutNats } from "./nats-server.ts";

const channels = ["a", "b", "c", "d"];
/** What each channel has taken since the last fault, before the next one and before the end. */
const between = 100;

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

  /** The server that decides now what comes next in the stream. */
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
    const [here, there] = [await openNatsLog(0, options), await openNatsLog(0, options)];
    const followed = await Promise.all(channels.map((channel) => follow(there, channel)));
    const taken = channels.map((): string[] => []);
    let enough = between;
    let isOver = false;
    const publishers = channels.map(async (channel, index) => {
      while (!isOver) {
        const sequence = taken[index]!.length + 1;
        const outcome = await appended(here, numbered(channel, sequence));
        expect(["accepted", "duplicate"]).toContain(outcome.kind);
        taken[index]!.push(`${sequence}`);
      }
    });
    const reached = async (): Promise<void> => {
      await until(() => taken.every(({ length }) => length >= enough));
      enough = Math.max(...taken.map(({ length }) => length)) + between;
    };
    await reached();
    const killed = await leader();
    await killed.kill();
    await reached();
    await killed.start();
    await reached();
    isOver = true;
    await Promise.all(publishers);
    const cold = await openNatsLog(0, options);
    for (const [index, channel] of channels.entries()) {
      const { entries } = await cold.read(channel, 0, { maxCount: 1e6, maxBytes: 1e9 });
      expect(entries.map(textOf)).toEqual(taken[index]);
      await until(() => followed[index]!.texts.length >= taken[index]!.length);
      expect(followed[index]!.texts).toEqual(taken[index]);
      expect(followed[index]!.heads).toEqual([]);
    }
  });
});

function numbered(channel: string, sequence: number): Append {
  return { ...plain(channel, `${sequence}`), producer: "ann", sequence, previous: sequence - 1 };
}

/** Appends again as a client does, until the outcome is known. */
async function appended(log: Log, append: Append): Promise<AppendOutcome> {
  for (;;) {
    const [outcome] = await log.append([append]);
    if (outcome!.kind !== "failed") return outcome!;
  }
}
