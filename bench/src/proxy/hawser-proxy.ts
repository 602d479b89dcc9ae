// Hawser's proxy for plain clients alone, before one target.
import { PlainProxy, ProxyListener } from "@hawser/gateway";
import type { ProxyPool, ProxyTarget } from "@hawser/gateway";
import { answer } from "../processes/child.ts";
import type { EchoCommand, EchoReply } from "./messages.ts";

answer<EchoCommand, EchoReply>(async ({ target: port = 0 }) => {
  const target: ProxyTarget = { name: "echo", url: new URL(`ws://127.0.0.1:${port}`) };
  const pool: ProxyPool = {
    connect: async (_, dial) => ({
      value: await dial(target, new AbortController().signal),
      lease: { target, signal: new AbortController().signal, bytesIn: () => {}, bytesOut: () => {}, end: () => {} },
    }),
  };
  const proxy = new PlainProxy({ routes: [{ pool: "echo" }], pools: { get: () => pool } });
  const listener = new ProxyListener({ port: 0, host: "127.0.0.1", proxy });
  await listener.open();
  return { type: "listening", port: listener.port, pid: process.pid };
});
