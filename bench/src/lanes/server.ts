// Both servers at the near end of the path: each sends small messages beside a bulk transfer to its one client.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { memoryLog } from "@hawser/log";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { answer } from "../processes/child.ts";
import { bulkMessageBytes, monotonicMs } from "./messages.ts";
import type { ServerCommand, ServerReply, Small } from "./messages.ts";

/** Sends of `ws` that the kernel has not taken, at most: a server that heeds back-pressure, as it should. */
const maxSendsUnderWay = 16;
/** How often there is more of the bulk transfer. */
const bulkEveryMs = 50;
const bulkPayload = new Uint8Array(bulkMessageBytes).fill(7);

interface Sender {
  readonly small: (message: Small) => void;
  /** So much more of the transfer is there to be sent. */
  readonly bulk: (messages: number) => void;
}

let senders: Readonly<Record<string, (run: string) => Sender>> = {};
let stop = (): number => 0;

async function listen(host: string): Promise<ServerReply> {
  const hawser = createServer({
    log: memoryLog(),
    port: 0,
    host,
    authenticate: anonymous(),
    origins: "any",
    logger: silentLogger,
    channels: [
      { pattern: "orders.*", lane: "interactive", durability: "memory" },
      { pattern: "chart.*", lane: "bulk", durability: "memory", retention: { count: 1_000_000, bytes: 1e9 } },
    ],
  });
  await hawser.listen();
  const plain = new WebSocketServer({ port: 0, host, perMessageDeflate: false });
  await once(plain, "listening");
  senders = {
    hawser: (run) => ({
      small: (message) => void hawser.publish(`orders.${run}`, message),
      bulk: (messages) => {
        for (let at = 0; at < messages; at += 1) void hawser.publish(`chart.${run}`, bulkPayload);
      },
    }),
    ws: () =>
      onOneSocket(plain, (socket) => (messages) => {
        for (let at = 0; at < messages; at += 1) socket.send(bulkPayload);
      }),
    "ws-waits": () => onOneSocket(plain, pour),
  };
  const { port } = plain.address() as AddressInfo;
  const ports = { hawser: Number(new URL(hawser.url).port), ws: port, "ws-waits": port };
  return { type: "listening", ports };
}

function onOneSocket(plain: WebSocketServer, bulkOn: (socket: WebSocket) => Sender["bulk"]): Sender {
  const [socket] = plain.clients;
  if (socket === undefined) throw new Error("nobody is connected");
  return { small: (message) => socket.send(JSON.stringify(message)), bulk: bulkOn(socket) };
}

/** Gives the socket the next message whenever it has taken one. */
function pour(socket: WebSocket): (messages: number) => void {
  let left = 0;
  let underWay = 0;
  const next = (): void => {
    while (left > 0 && underWay < maxSendsUnderWay && socket.readyState === socket.OPEN) {
      left -= 1;
      underWay += 1;
      socket.send(bulkPayload, () => {
        underWay -= 1;
        next();
      });
    }
  };
  return (messages) => {
    left += messages;
    next();
  };
}

answer<ServerCommand, ServerReply>((command) => {
  if (command.type === "listen") return listen(command.host);
  if (command.type === "stop") return { type: "stopped", sent: stop() };
  const { small, bulk } = senders[command.kind]!(command.run);
  let sent = 0;
  const timer = setInterval(() => {
    small({ sentAtMs: monotonicMs(), number: sent, padding: "x".repeat(50) });
    sent += 1;
  }, command.everyMs);
  const perTick = Math.ceil((command.bulkBytesPerSecond / bulkMessageBytes) * (bulkEveryMs / 1_000));
  bulk(10 * perTick);
  const more = setInterval(() => bulk(perTick), bulkEveryMs);
  stop = () => {
    clearInterval(timer);
    clearInterval(more);
    return sent;
  };
  return { type: "started" };
});
