import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import type { Client } from "@hawser/client";
import { afterEach, describe, expect, it } from "vitest";
import { Cleanup, freePort, HawserProcess, run, serve } from "../command/hawser-process.ts";
import { connect } from "../support/clients.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const secret = "a secret of the tests, with more than 32 bytes";

async function start(folder: string, ...more: string[]): Promise<{ server: HawserProcess; url: string }> {
  const started = await serve(["--port", "0", "--no-page", ...more], { folder });
  cleanup.process(started.server);
  return started;
}

async function client(url: string): Promise<Client> {
  const made = connect(url, "ann");
  cleanup.add(() => made.close());
  // Its answer says that the connection stands.
  await made.channel("chat.general").publish("here");
  return made;
}

const endpointsOf = (one: Client): string[] =>
  one.status.connections.filter(({ state }) => state === "connected").map(({ endpoint }) => endpoint);

describe("hawser drain", () => {
  it("in the folder of the server sends its clients elsewhere, and leaves the server running", async () => {
    const [here, there] = [cleanup.folder(), cleanup.folder()];
    const [a, b] = [await start(here), await start(there)];
    const clients = await Promise.all([client(a.url), client(a.url), client(a.url)]);
    const { code, out, errors } = await run(["drain", "--url", a.url, "--to", b.url, "--over", "1s"], { folder: here });
    expect([code, errors]).toEqual([0, ""]);
    expect(out).toContain("draining: 0 of 3 moved, 0 closed, 3 remaining\n");
    expect(out).toMatch(/\ndrained: 3 moved, 0 closed\n$/);
    for (const one of clients) expect(endpointsOf(one)).toEqual([b.url]);
    const health = (path: string): Promise<Response> => fetch(new URL(path, a.url.replace("ws", "http")));
    expect([(await health("/healthz")).status, (await health("/readyz")).status]).toEqual([200, 503]);
  });

  it("prints JSON lines, and closes who stays at the deadline", async () => {
    const folder = cleanup.folder();
    writeFileSync(join(folder, "secret.txt"), secret);
    const { url } = await start(folder, "--memory", "--secret-file", "secret.txt");
    const token = (await run(["token", "--user", "ann"], { environment: { HAWSER_SECRET: secret } })).out.trim();
    const ann = connect(url, token);
    cleanup.add(() => ann.close());
    await ann.channel("chat.general").publish("here");
    const { code, out } = await run(["drain", "--over", "500ms", "--deadline", "300ms", "--json"], {
      environment: { HAWSER_URL: url, HAWSER_SECRET: secret },
    });
    expect(code).toBe(0);
    const lines = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(lines[0]).toEqual({ type: "draining", total: 1, told: 1, moved: 0, closed: 0, remaining: 1 });
    expect(lines.at(-1)).toEqual({ type: "drained", total: 1, told: 1, moved: 0, closed: 1, remaining: 0 });
  });

  it("ends when the drain has begun with --no-wait; a second one cuts it short", async () => {
    const folder = cleanup.folder();
    const { url } = await start(folder);
    await client(url);
    const slow = await run(["drain", "--url", url, "--over", "10m", "--deadline", "10m", "--no-wait"], { folder });
    expect(slow).toMatchObject({ code: 0, out: "draining: 0 of 1 moved, 0 closed, 1 remaining\n" });
    const short = await run(["drain", "--url", url, "--over", "0"], { folder });
    expect([short.code, short.out.trim().split("\n").at(-1)]).toEqual([0, "drained: 0 moved, 1 closed"]);
  });

  it("is refused with another secret, and does nothing", async () => {
    const folder = cleanup.folder();
    const { url, server } = await start(folder);
    const refused = await run(["drain", "--url", url], { environment: { HAWSER_SECRET: secret } });
    expect(refused).toMatchObject({
      code: 3,
      errors: `hawser: ${new URL("/", url.replace("ws", "http")).href} has another secret (forbidden)\n`,
    });
    expect(refused.errors).not.toContain(secret);
    expect((await fetch(new URL("/readyz", url.replace("ws", "http")))).status).toBe(200);
    expect((await server.stop()).errors).toContain("an admin request without a right to it was refused");
  });

  it("is refused by a server that has no secret for it", async () => {
    const { url } = await start(cleanup.folder(), "--memory");
    const environment = { HAWSER_SECRET: secret };
    expect(await run(["drain", "--url", url], { environment })).toMatchObject({
      code: 1,
      errors: expect.stringContaining("has no /admin/drain"),
    });
  });

  it("fails when nobody listens, and says that nothing is known when there is no answer", async () => {
    const environment = { HAWSER_SECRET: secret };
    const nobody = await run(["drain", "--url", `ws://127.0.0.1:${await freePort()}/`], { environment });
    expect(nobody).toMatchObject({ code: 1, errors: expect.stringContaining("ECONNREFUSED") });
    const sockets = new Set<Socket>();
    const silent = createServer(() => {}).on("connection", (socket) => sockets.add(socket));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    cleanup.add(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const { port } = silent.address() as AddressInfo;
    const words = ["drain", "--url", `ws://127.0.0.1:${port}/`, "--timeout", "1"];
    expect(await run(words, { environment })).toMatchObject({
      code: 4,
      errors: expect.stringContaining("whether the drain has begun is not known"),
    });
  });

  it("is ended by Ctrl+C, and the drain goes on", async () => {
    const folder = cleanup.folder();
    const { url, server } = await start(folder);
    await client(url);
    const command = cleanup.process(new HawserProcess(["drain", "--url", url, "--over", "10m"], { folder }));
    await command.printed(/draining: /);
    expect(await command.stop("SIGINT")).toMatchObject({ code: 130 });
    expect((await fetch(new URL("/readyz", url.replace("ws", "http")))).status).toBe(503);
    // The ten minutes are over as soon as the process is to end.
    expect((await server.stop()).code).toBe(0);
  });

  it.each([
    [["drain", "--over", "soon"], "--over must be a time"],
    [["drain", "--over", "10"], "--over must be a time"],
    [["drain", "--deadline=-1s"], "--deadline must be a time"],
    [["drain", "--rate", "0"], "--rate must be a whole number from 1 on"],
    [["drain", "--url", "ftp://a"], "--url must start with"],
    [["drain", "--url", "tcp://a:7420"], "a drain is asked for over HTTP"],
    [["drain", "--timeout", "0"], "--timeout must be a whole number from 1 on"],
    [["drain", "now"], 'drain does not take the argument "now"'],
    [["drain"], "there is no secret"],
    [["drain", "--secret", "hunter2"], "the secret must be at least 32 bytes long"],
  ])("refuses %j as a mistake of usage", async (words, message) => {
    const { code, errors } = await run(words, { folder: cleanup.folder() });
    expect([code, errors]).toEqual([2, expect.stringContaining(message)]);
    expect(errors).not.toContain("hunter2");
  });

  it("shows what the server finds wrong with its options as a mistake of usage", async () => {
    const folder = cleanup.folder();
    const { url } = await start(folder);
    const { code, errors } = await run(["drain", "--url", url, "--to", "b.example.org"], { folder });
    expect([code, errors]).toEqual([2, expect.stringContaining("endpoints must hold addresses")]);
  });
});
