// The client at the far end of the path: reads both streams, and says how late the small messages were.
import { once } from "node:events";
import { createClient, webSocketConnector } from "@hawser/client";
import { WebSocket } from "ws";
import { answer } from "../processes/child.ts";
import { distributionOf } from "../rolling/distribution.ts";
import { monotonicMs } from "./messages.ts";
import type { Received, ReceiverCommand, ReceiverReply, Small } from "./messages.ts";

let delaysMs: number[] = [];
let bulkBytes = 0;
let faults = 0;
let next = 0;
let close = (): void => {};

function takeSmall({ sentAtMs, number }: Small): void {
  delaysMs.push(monotonicMs() - sentAtMs);
  if (number !== next) faults += 1;
  next = number + 1;
}

async function connectHawser(url: string, run: string): Promise<void> {
  const client = createClient({ url, connector: webSocketConnector({ WebSocket }) });
  const orders = client.channel(`orders.${run}`).subscribe();
  const chart = client.channel(`chart.${run}`).subscribe();
  const subscribed = [orders, chart].map(
    (one) => new Promise<void>((resolve) => one.addEventListener("subscribed", () => resolve(), { once: true })),
  );
  orders.addEventListener("message", ({ message }) => takeSmall(message.data as Small));
  chart.addEventListener("message", ({ message }) => (bulkBytes += (message.data as Uint8Array).length));
  close = () => void client.close();
  await Promise.all(subscribed);
}

async function connectPlain(url: string): Promise<void> {
  const socket = new WebSocket(url);
  socket.on("message", (data: Buffer, isBinary) => {
    if (isBinary) bulkBytes += data.length;
    else takeSmall(JSON.parse(data.toString()) as Small);
  });
  close = () => socket.terminate();
  await once(socket, "open");
}

/** What comes from now on, for so long. */
async function measure(durationMs: number): Promise<Received> {
  const since = monotonicMs();
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  const seconds = (monotonicMs() - since) / 1_000;
  const { p50, p99, max } = distributionOf(delaysMs);
  const bulkMbitPerSecond = (bulkBytes * 8) / 1e6 / seconds;
  return { small: delaysMs.length, p50Ms: p50, p99Ms: p99, longestMs: max, bulkMbitPerSecond, faults };
}

answer<ReceiverCommand, ReceiverReply>(async (command) => {
  switch (command.type) {
    case "connect":
      delaysMs = [];
      bulkBytes = 0;
      faults = 0;
      next = 0;
      await (command.kind === "hawser" ? connectHawser(command.url, command.run) : connectPlain(command.url));
      return { type: "connected" };
    case "measure":
      return { type: "measured", received: await measure(command.durationMs) };
    case "close":
      close();
      return { type: "closed" };
  }
});
