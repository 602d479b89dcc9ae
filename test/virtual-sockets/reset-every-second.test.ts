import { createHash } from "node:crypto";
import { openSocket } from "@hawser/client";
import type { Client, VirtualSocket } from "@hawser/client";
import { systemPorts } from "@hawser/protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import { connect } from "../support/clients.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { Seeded } from "../support/seeded.ts";
import { gatewayNode } from "./scene.ts";
import { StandardUpstream } from "./standard-upstream.ts";

const socketCount = 100;
const upstreamCount = 10;
const messageCount = 100_000;
/** Messages of a socket that are on their way at once. */
const mostUnderWay = 64;

/** Mostly small, up to 1 MB; text and binary. */
function messageOf(random: Seeded): string | Uint8Array {
  const draw = random.number();
  const most = draw < 0.0001 ? 1_048_576 : draw < 0.01 ? 32_768 : 200;
  const bytes = Math.floor(random.number() * most);
  if (random.number() < 0.5) return "é".repeat(bytes >> 2) + String.fromCodePoint(97 + (bytes % 26)).repeat(bytes >> 1);
  return new Uint8Array(bytes).fill(Math.floor(random.number() * 256));
}

interface Talk {
  readonly sent: string;
  readonly heard: string;
  readonly code: number;
}

/** Says so many messages, and hears them again: digests of both, over kinds, sizes and bytes. */
function talk(socket: VirtualSocket, count: number, seed: number): Promise<Talk> {
  const random = new Seeded(seed);
  const [sent, heard] = [createHash("sha256"), createHash("sha256")];
  let [said, came] = [0, 0];
  const put = (digest: typeof sent, data: string | Uint8Array): void => {
    digest.update(typeof data === "string" ? `text ${data.length} ` : `binary ${data.byteLength} `).update(data);
  };
  const say = (): void => {
    for (; said < count && said - came < mostUnderWay; said += 1) {
      const message = messageOf(random);
      put(sent, message);
      socket.send(message);
    }
  };
  return new Promise((resolve, reject) => {
    socket.binaryType = "arraybuffer";
    socket.onopen = say;
    socket.onmessage = ({ data }) => {
      put(heard, typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer));
      came += 1;
      if (came === count) socket.close(1000);
      else say();
    };
    socket.onerror = ({ error }) => reject(error ?? new Error("the socket failed"));
    socket.onclose = ({ code }) => resolve({ sent: sent.digest("hex"), heard: heard.digest("hex"), code });
  });
}

describe("virtual sockets whose connections are reset", () => {
  it("carry 100,000 messages of 100 sockets to 10 upstreams byte-exact and in order, one reset every second", async () => {
    const urls: Record<string, string> = {};
    for (let index = 0; index < upstreamCount; index += 1) {
      const upstream = await StandardUpstream.start();
      onTestFinished(() => upstream.close());
      urls[`echo-${index}`] = `${upstream.url}/echo`;
    }
    const server = await gatewayNode(urls, onTestFinished);
    const proxies = [
      await FaultProxy.to(Number(new URL(server.url).port)),
      await FaultProxy.to(Number(new URL(server.url).port)),
    ];
    for (const proxy of proxies) onTestFinished(() => proxy.close());
    const client: Client = connect(server.url, "ann", {
      connections: proxies.map((proxy) => ({ url: proxy.urlOf(server.url) })),
    });
    onTestFinished(() => client.close());
    const { timers } = systemPorts();
    let turn = 0;
    let running = true;
    // The pace of the faults is the test's own.
    const fault = (): void => {
      if (!running) return;
      proxies[turn % proxies.length]!.endAll("reset");
      turn += 1;
      timers.after(1_000, fault);
    };
    timers.after(1_000, fault);
    onTestFinished(() => {
      running = false;
    });
    const talks = Array.from({ length: socketCount }, (_, index) => {
      const socket = openSocket(client, `echo-${index % upstreamCount}`);
      return talk(socket, messageCount / socketCount, index + 1);
    });
    for (const { sent, heard, code } of await Promise.all(talks)) {
      expect(heard).toBe(sent);
      expect(code).toBe(1000);
    }
    running = false;
    console.log(`virtual sockets: ${turn} resets, ${proxies.map(({ cuts }) => cuts).join(" + ")} connections cut`);
    expect(proxies[0]!.cuts + proxies[1]!.cuts).toBeGreaterThan(0);
  });
});
