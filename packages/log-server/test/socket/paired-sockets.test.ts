import { once } from "node:events";
import { createConnection, createServer } from "node:net";
import type { Socket } from "node:net";
import { memoryLog } from "@hawser/log";
import { pairedConnector, pairedListener, remoteLog, serveLog } from "@hawser/log-server";
import { systemPorts } from "@hawser/protocol";
import { expect, it, onTestFinished } from "vitest";
import { append, wide } from "../support/shared-world.ts";
import { temporarySocket } from "../support/temporary-socket.ts";

const ports = { policyOf: () => wide, ...systemPorts() };
const { capabilities } = memoryLog();

async function pair(): Promise<[Socket, Socket]> {
  const server = createServer().listen(await temporarySocket());
  await once(server, "listening");
  const far = createConnection(server.address() as string);
  const [near] = (await once(server, "connection")) as [Socket];
  server.close();
  onTestFinished(() => {
    near.destroy();
    far.destroy();
  });
  return [near, far];
}

it("serves a log over sockets that are connected already", async () => {
  const log = memoryLog();
  await log.open(ports);
  const listener = pairedListener();
  const server = await serveLog({ log, listener });
  const [near, far] = await pair();
  listener.take(near);
  const remote = remoteLog({ connector: pairedConnector(far, () => {}), capabilities });
  await remote.open(ports);
  expect(await remote.append([append("a", "one")])).toMatchObject([{ kind: "accepted" }]);
  expect((await log.read("a", 0, { maxCount: 10, maxBytes: 1_000 })).entries).toHaveLength(1);
  expect(server.clients).toBe(1);
  await remote.close();
  await server.close();
});

it("says once that the link is gone when the other end has ended, since no other one can be had", async () => {
  const log = memoryLog();
  await log.open(ports);
  const listener = pairedListener();
  const server = await serveLog({ log, listener });
  onTestFinished(() => server.close());
  const [near, far] = await pair();
  listener.take(near);
  let onSpent = (): void => {};
  const spent = new Promise<void>((resolve) => (onSpent = resolve));
  const remote = remoteLog({ connector: pairedConnector(far, onSpent), capabilities });
  await remote.open(ports);
  onTestFinished(() => remote.close());
  near.destroy();
  await spent;
  await expect(remote.head("a")).rejects.toMatchObject({ code: "log-unavailable" });
});

it("cuts a socket that it is handed while nobody serves", async () => {
  const listener = pairedListener();
  const [near, far] = await pair();
  listener.take(near);
  far.resume();
  await once(far, "close");
  expect(near.destroyed).toBe(true);
});

it("needs a socket to listen on, or a listener", async () => {
  await expect(serveLog({ log: memoryLog() })).rejects.toMatchObject({ code: "option-invalid" });
});
