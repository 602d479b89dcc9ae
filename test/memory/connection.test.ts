import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { WebSocket } from "ws";

interface Census {
  readonly counts: Readonly<Record<"Array" | "Function" | "IncomingMessage" | "Map" | "Promise", number>>;
  readonly heapBytes: number;
}

const connections = 200;

async function census(child: ChildProcess): Promise<Census> {
  child.send("count");
  const [counted] = (await once(child, "message")) as [Census];
  return counted;
}

/** A connection with one subscription, that was asked for a sign of life and gave it. */
async function subscribed(url: string): Promise<WebSocket> {
  const webSocket = new WebSocket(url, "hawser.v1.json");
  webSocket.on("open", () => {
    webSocket.send(JSON.stringify({ type: "connect", token: "" }));
    webSocket.send(JSON.stringify({ type: "subscribe", id: 1, channel: "chat" }));
  });
  let answers = "";
  const answered = new Promise<void>((resolve, reject) => {
    webSocket.on("error", reject);
    webSocket.on("close", () => reject(new Error(`closed behind ${answers}`)));
    webSocket.on("message", (data) => {
      answers += (data as Buffer).toString("utf8");
      if (answers.includes('"subscribed"')) resolve();
    });
  });
  await Promise.all([answered, once(webSocket, "ping")]);
  return webSocket;
}

it("holds a connection with one subscription in a few kilobytes, without what it came with", async ({
  onTestFinished,
}) => {
  const child = fork(fileURLToPath(new URL("../support/counted-node.mjs", import.meta.url)));
  const webSockets: WebSocket[] = [];
  onTestFinished(() => {
    for (const webSocket of webSockets) webSocket.removeAllListeners("close").terminate();
    child.kill("SIGKILL");
  });
  const [{ url }] = (await once(child, "message")) as [{ url: string }];
  // What all connections share is there with the first.
  webSockets.push(await subscribed(url));
  const before = await census(child);
  const opened = await Promise.all(Array.from({ length: connections }, () => subscribed(url)));
  webSockets.push(...opened);
  const after = await census(child);
  const each = (kind: keyof Census["counts"]): number => (after.counts[kind] - before.counts[kind]) / connections;
  // The request of the handshake, and what waited for an answer, were needed once.
  expect(each("IncomingMessage")).toBeLessThan(0.2);
  expect(each("Promise")).toBeLessThan(0.5);
  // One map, of the channels. An empty one takes as much as a subscription.
  expect(each("Map")).toBeLessThan(1.5);
  // Those of Node and `ws`, and one of ours: it was thirteen more when every part had closures of its own.
  expect(each("Function")).toBeLessThan(8);
  expect(each("Array")).toBeLessThan(20);
  // Seen: 5.4 KiB with ten thousand, 7.5 with these few. It was 14 when every part was made for everyone.
  expect((after.heapBytes - before.heapBytes) / connections).toBeLessThan(11 * 1024);
}, 60_000);
