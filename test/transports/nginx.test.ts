import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect as connectSocket, createServer as createNetServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fallbackConnector, httpPollingConnector, httpStreamConnector, webSocketConnector } from "@hawser/client";
import { memoryLog } from "@hawser/log";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import type { HawserServer } from "@hawser/server";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { connect } from "../support/clients.ts";

/** Debian's package puts it where not every user's path leads. */
const nginx = ["nginx", "/usr/sbin/nginx"].find((command) => spawnSync(command, ["-v"]).status === 0);
const ends: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function freePort(): Promise<number> {
  const server = createNetServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listens(port: number): Promise<void> {
  for (;;) {
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connectSocket({ port, host: "127.0.0.1" }, () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (isThere) return;
  }
}

/** Starts nginx in front of a server; `location` is what stands in its `location /hawser`. */
async function front(server: HawserServer, location: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hawser-nginx-"));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join("\n");
  const file = join(folder, "nginx.conf");
  await writeFile(
    file,
    `daemon off; master_process off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
     events { worker_connections 256; }
     http {
       access_log off;
       ${paths}
       map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
       server {
         listen 127.0.0.1:${port};
         location /hawser { proxy_pass http://127.0.0.1:${new URL(server.url).port}; proxy_set_header Host $host; ${location} }
       }
     }`,
  );
  const child = spawn(nginx!, ["-c", file, "-p", folder], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  ends.push(async () => {
    child.kill("SIGTERM");
    await ended;
  });
  await listens(port);
  return `ws://127.0.0.1:${port}/hawser`;
}

const passesUpgrades =
  "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;";

describe.skipIf(nginx === undefined && !process.env["CI"])("behind nginx", () => {
  it.each([
    ["as the guide has it, a WebSocket", passesUpgrades, "websocket"],
    ["as it comes, without a word of upgrades or buffering, an HTTP stream", "", "http-stream"],
    [
      "that heeds no word of the answers and holds them back, long polls",
      "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering; proxy_buffer_size 16k; proxy_buffers 8 64k; postpone_output 1460;",
      "http-polling",
    ],
  ])("%s carries the session", async (_, location, transport) => {
    const server = createServer({
      log: memoryLog(),
      authenticate: anonymous({ allowNames: true }),
      port: 0,
      host: "127.0.0.1",
      logger: silentLogger,
    });
    await server.listen();
    ends.push(() => server.close());
    const url = await front(server, location);
    const connector = fallbackConnector([
      webSocketConnector({ WebSocket }),
      httpStreamConnector(),
      httpPollingConnector(),
    ]);
    const client = connect(url, "ann", { connector });
    ends.push(() => client.close());
    const subscription = client.channel("a").subscribe();
    await new Promise((resolve) => subscription.addEventListener("subscribed", resolve, { once: true }));
    const got: unknown[] = [];
    const reading = (async () => {
      for await (const { data } of subscription) if (got.push(data) === 50) return;
    })();
    for (let n = 0; n < 50; n += 1) await client.channel("a").publish(n);
    await reading;
    expect(got).toEqual(Array.from({ length: 50 }, (_unused, n) => n));
    expect(client.status.connections.at(-1)?.transport).toBe(transport);
  });
});
