import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Cleanup, run } from "../command/hawser-process.ts";
import { WorkerServer } from "./worker-server.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

describe("hawser serve --workers at SIGTERM", () => {
  it("sends the clients of all workers to its peer, and ends with 0", async () => {
    const other = await WorkerServer.start(cleanup, 2, "--memory");
    const server = await WorkerServer.start(cleanup, 2, "--memory", "--peer", other.url, "--drain", "6s");
    const clients = Array.from({ length: 6 }, (_, index) => server.client(`s${index}`));
    await Promise.all(clients.map((client) => client.channel("chat.all").publish("here")));
    const { pids } = server;
    const { code, errors } = await server.process.stop();
    expect(code).toBe(0);
    expect(errors).toContain("draining: 6 connections are sent elsewhere, for up to 6 s");
    const moved = [...errors.matchAll(/"moved":(\d),"closed":0/g)].map(([, count]) => Number(count));
    expect(moved).toHaveLength(2);
    expect(moved[0]! + moved[1]!).toBe(6);
    await server.ended(pids);
    expect(await other.sessionsOfAll()).toBe(6);
  });

  it("is not disturbed by the signal that a terminal sends to its workers too", async () => {
    const server = await WorkerServer.start(cleanup, 2, "--memory");
    const { pids } = server;
    for (const pid of pids) process.kill(pid, "SIGINT");
    const { code, errors } = await server.process.stop("SIGINT");
    expect(code).toBe(0);
    expect(errors.match(/"msg":"closed"/g)).toHaveLength(2);
  });

  it("ends all at once at a second signal", async () => {
    const server = await WorkerServer.start(cleanup, 2, "--memory", "--drain", "10m");
    await server.client("ann").channel("chat.all").publish("here");
    const { pids } = server;
    server.process.child.kill("SIGTERM");
    await server.process.printed(/draining: /, "stderr");
    expect(await server.process.stop("SIGTERM")).toMatchObject({ code: 143 });
    await server.ended(pids);
  });
});

describe("hawser serve --workers that cannot start", () => {
  it("says that the port is in use, and ends", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    cleanup.add(() => holder.close());
    const { port } = holder.address() as AddressInfo;
    const { code, out, errors } = await run(["serve", "--memory", "--workers", "2", "--port", String(port)]);
    expect([code, out]).toEqual([2, ""]);
    expect(errors).toContain(`hawser: port ${port} is in use on 127.0.0.1`);
  });

  it("says how a worker ended that never served, and ends", async () => {
    const folder = cleanup.folder();
    const text = 'import cluster from "node:cluster";\nif (cluster.isWorker) process.exit(7);\nexport default {};\n';
    writeFileSync(join(folder, "hawser.config.mjs"), text);
    const { code, out, errors } = await run(["serve", "--memory", "-w", "2", "--port", "0"], { folder });
    expect([code, out]).toEqual([1, ""]);
    expect(errors).toMatch(/hawser: worker \d ended \(exit code 7\)/);
  });
});
