import { once } from "node:events";
import { createConnection, createServer as createSocketServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { createClient, webSocketConnector } from "@hawser/client";
import { memoryLog } from "@hawser/log";
import type { Log } from "@hawser/log";
import { pairedConnector, pairedListener, remoteLog, serveLog } from "@hawser/log-server";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import type { HawserServer } from "@hawser/server";
import { expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { openLog } from "../../src/serve/open-log.ts";

const messages = 50;
const bytes = 2_000;
const subscribers = 20;

it("sends an entry to a worker once, with others in one piece, and only if a client there reads the channel", async () => {
  const log = memoryLog();
  await openLog(log, { config: {}, path: undefined, name: "none", folder: "/" });
  let told = 0;
  const listener = pairedListener();
  const server = await serveLog({ log: counting(log, () => (told += 1)), listener });
  const [reading, idle, publishing] = await Promise.all([worker(), worker(), worker()]);

  const arrived = Array.from({ length: subscribers }, () => readAll(reading.server.url));
  await Promise.all(arrived.map(({ subscribed }) => subscribed));
  const before = [reading.pipe.bytesRead, idle.pipe.bytesRead, publishing.pipe.bytesRead];
  // In one turn, as publishes of many clients are that came together.
  const text = "x".repeat(bytes);
  await Promise.all(Array.from({ length: messages }, () => publishing.server.publish("chat.busy", text)));
  await Promise.all(arrived.map(({ done }) => done));

  const crossed = [reading, idle, publishing].map(({ pipe }, index) => pipe.bytesRead - before[index]!);
  const once = messages * bytes;
  expect(crossed[0]).toBeGreaterThan(once);
  expect(crossed[0]).toBeLessThan(once * 1.2);
  expect(Math.max(crossed[1]!, crossed[2]!)).toBeLessThan(once * 0.1);
  expect(server.followers).toBe(1);
  expect(told).toBeLessThan(messages / 5);

  async function worker(): Promise<{ server: HawserServer; pipe: Socket }> {
    const [near, far] = await pair();
    listener.take(near);
    const connector = pairedConnector(far, () => {});
    const node = createServer({
      log: remoteLog({ connector, capabilities: log.capabilities }),
      authenticate: anonymous(),
      logger: silentLogger,
      host: "127.0.0.1",
      port: 0,
    });
    onTestFinished(() => node.close());
    await node.listen();
    return { server: node, pipe: far };
  }
});

/** The log, with a count of how often followers are told of entries. */
function counting(log: Log, onTold: () => void): Log {
  return new Proxy(log, {
    get: (target, name) => {
      if (name === "follow") {
        const follow: Log["follow"] = (channel, handlers) =>
          target.follow(channel, {
            onEntries: (entries, interval) => {
              if (entries.length > 0) onTold();
              handlers.onEntries(entries, interval);
            },
            onFloor: (floor) => handlers.onFloor(floor),
            onEpoch: (head) => handlers.onEpoch(head),
            onAvailable: (available) => handlers.onAvailable?.(available),
          });
        return follow;
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

async function pair(): Promise<[Socket, Socket]> {
  const listener = createSocketServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const far = createConnection((listener.address() as AddressInfo).port, "127.0.0.1");
  const [near] = (await once(listener, "connection")) as [Socket];
  listener.close();
  return [near, far];
}

function readAll(url: string): { readonly subscribed: Promise<void>; readonly done: Promise<void> } {
  const client = createClient({ url, token: "", connector: webSocketConnector({ WebSocket }) });
  onTestFinished(() => client.close());
  const subscription = client.channel("chat.busy").subscribe();
  let count = 0;
  return {
    subscribed: new Promise((resolve) => subscription.addEventListener("subscribed", () => resolve(), { once: true })),
    done: new Promise((resolve) =>
      subscription.addEventListener("message", () => {
        if ((count += 1) === messages) resolve();
      }),
    ),
  };
}
