import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { memoryLog } from "@hawser/log";
import type { Log } from "@hawser/log";
import { remoteLog, serveLog } from "@hawser/log-server";
import type { LogServer, SocketAddress } from "@hawser/log-server";
import { systemPorts } from "@hawser/protocol";
import { append, wide } from "../support/shared-world.ts";
import { temporarySocket } from "../support/temporary-socket.ts";

const ports = { policyOf: () => wide, ...systemPorts() };
const { capabilities } = memoryLog();

async function serve(socket: SocketAddress): Promise<LogServer> {
  const log = memoryLog();
  await log.open(ports);
  const server = await serveLog({ log, socket });
  onTestFinished(() => server.close());
  return server;
}

async function connect(socket: SocketAddress): Promise<Log> {
  const remote = remoteLog({ socket, capabilities });
  await remote.open(ports);
  onTestFinished(() => remote.close());
  return remote;
}

it("makes a socket that is its owner's alone, whatever the mask of the process says, and removes it", async () => {
  const path = await temporarySocket();
  const mask = process.umask(0);
  const server = await serve(path).finally(() => process.umask(mask));
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await server.close();
  await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
});

it("takes the place of a server that was killed", async () => {
  const path = await temporarySocket();
  const code = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => console.log("listening"))`;
  const child = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  await expect(serve(path)).rejects.toMatchObject({ code: "log-locked" });
  child.kill("SIGKILL");
  await once(child, "exit");
  expect((await stat(path)).isSocket()).toBe(true);
  await serve(path);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const remote = await connect(path);
  expect(await remote.append([append("a", "1")])).toMatchObject([{ kind: "accepted" }]);
});

it("leaves alone what is no socket, and the socket of another server", async () => {
  const path = await temporarySocket();
  await writeFile(path, "mine");
  await expect(serve(path)).rejects.toMatchObject({ code: "option-invalid" });
  expect((await stat(path)).size).toBe(4);
  const other = await temporarySocket();
  await serve(other);
  await expect(serve(other)).rejects.toMatchObject({ code: "log-locked" });
  const remote = await connect(other);
  expect(await remote.append([append("a", "1")])).toMatchObject([{ kind: "accepted" }]);
});

it("listens on a port that the system chose, and on no other machine's behalf", async () => {
  const { socket } = await serve({ host: "127.0.0.1", port: 0 });
  expect(socket).toMatchObject({ host: "127.0.0.1", port: expect.any(Number) });
  const remote = await connect(socket);
  expect(await remote.append([append("a", "1")])).toMatchObject([{ kind: "accepted" }]);
  await expect(serve(socket)).rejects.toMatchObject({ code: "log-locked" });
  for (const host of ["0.0.0.0", "::", "192.0.2.1", "example.com", "127.0.0.1.example.com"]) {
    await expect(serve({ host, port: 0 })).rejects.toMatchObject({ code: "option-invalid" });
    expect(() => remoteLog({ socket: { host, port: 1 } })).toThrow("this machine alone");
  }
});

it("refuses a path that no socket can have", async () => {
  await expect(serve(`/tmp/${"x".repeat(99)}`)).rejects.toMatchObject({ code: "option-invalid" });
  await expect(serve("")).rejects.toMatchObject({ code: "option-invalid" });
  await expect(serve("/nowhere/at/all/log.sock")).rejects.toMatchObject({ code: "option-invalid" });
});

it("closes a stranger's connection and serves the others", async () => {
  const path = await temporarySocket();
  const server = await serve(path);
  const remote = await connect(path);
  const stranger = createConnection(path);
  stranger.write("GET / HTTP/1.1\r\n\r\n");
  stranger.resume();
  await once(stranger, "close");
  expect(await remote.append([append("a", "1")])).toMatchObject([{ kind: "accepted" }]);
  expect(server.clients).toBe(1);
});
