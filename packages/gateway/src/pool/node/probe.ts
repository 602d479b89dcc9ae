import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { RequestOptions } from "node:https";
import { connect } from "node:net";
import { randomBytes } from "node:crypto";
import type { HealthSettings } from "../pool-settings.ts";
import type { Target } from "../target.ts";

/** Asks a target over the network whether it is well. */
export function probe(target: Target, health: HealthSettings, signal: AbortSignal): Promise<void> {
  if (health.kind === "tcp") return takesConnection(target, signal);
  return health.kind === "http" ? answersGet(target, health, signal) : upgrades(target, health, signal);
}

function takesConnection({ url }: Target, signal: AbortSignal): Promise<void> {
  const { host, port } = placeOf(url);
  const socket = connect({ host, port, signal });
  return new Promise<void>((fulfil, reject) => {
    socket.on("error", reject);
    socket.once("connect", fulfil);
  }).finally(() => socket.destroy());
}

function answersGet(target: Target, { path, statuses }: HealthSettings, signal: AbortSignal): Promise<void> {
  return new Promise((fulfil, reject) => {
    const asking = send(target, { path, signal });
    asking.on("error", reject);
    asking.on("response", (response) => {
      const status = response.statusCode ?? 0;
      response.destroy();
      const isWell = statuses.length === 0 ? status >= 200 && status <= 399 : statuses.includes(status);
      if (isWell) fulfil();
      else reject(new Error(`It answers ${status}.`));
    });
  });
}

function upgrades(target: Target, { path }: HealthSettings, signal: AbortSignal): Promise<void> {
  return new Promise((fulfil, reject) => {
    const headers = {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": randomBytes(16).toString("base64"),
    };
    const asking = send(target, { path, signal, headers });
    asking.on("error", reject);
    asking.on("upgrade", (_, socket) => {
      socket.on("error", () => {});
      // A masked close frame with 1000: whoever is asked need not wait for a connection that broke.
      socket.end(Uint8Array.of(0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8));
      socket.resume();
      socket.once("end", () => socket.destroy());
      // Who is asked may leave its end open.
      signal.addEventListener("abort", () => socket.destroy(), { once: true });
      fulfil();
    });
    asking.on("response", (response) => {
      response.destroy();
      reject(new Error(`It answers ${response.statusCode ?? 0}.`));
    });
  });
}

function send({ url, tls }: Target, options: RequestOptions) {
  const { host, port, secure } = placeOf(url);
  const request = { method: "GET", host, port, agent: false, ...options } as const;
  return (secure ? requestHttps({ ...request, ...tls }) : requestHttp(request)).end();
}

function placeOf(url: URL): { host: string; port: number; secure: boolean } {
  const secure = url.protocol === "wss:";
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return { host, port: url.port === "" ? (secure ? 443 : 80) : Number(url.port), secure };
}
