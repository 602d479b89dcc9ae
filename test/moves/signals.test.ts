import type { Client } from "@hawser/client";
import { afterEach, describe, expect, it } from "vitest";
import { Cleanup, freePort, serve } from "../command/hawser-process.ts";
import { connect } from "../support/clients.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

function client(url: string): Client {
  const made = connect(url, "ann");
  cleanup.add(() => made.close());
  return made;
}

const connected = (one: Client): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (one.status.state === "connected") resolve();
    };
    one.addEventListener("status", look);
    look();
  });

describe("hawser serve at SIGTERM", () => {
  it("sends its clients to its peer, is not ready from then on, and ends with 0", async () => {
    const port = await freePort();
    const b = await serve(["--port", "0", "--memory", "--no-page"]);
    cleanup.process(b.server);
    const a = await serve(["--port", String(port), "--memory", "--no-page", "--peer", b.url]);
    cleanup.process(a.server);
    const ann = client(a.url);
    await connected(ann);
    const { code, errors } = await a.server.stop();
    expect(code).toBe(0);
    expect(errors).toContain("draining: 1 connection is sent elsewhere, for up to 10 s");
    expect(errors).toContain('"moved":1,"closed":0');
    expect(ann.status.connections.filter(({ state }) => state === "connected").map((one) => one.endpoint)).toEqual([
      b.url,
    ]);
  });

  it("goes on for clients that have nowhere to go until their deadline, answers the others with 503, and then closes", async () => {
    const { server, url, page } = await serve(["--port", "0", "--memory", "--no-page", "--drain", "2s"]);
    cleanup.process(server);
    const ann = client(url);
    await connected(ann);
    const stopped = server.stop("SIGINT");
    await server.printed(/draining: /, "stderr");
    await expect.poll(async () => (await fetch(new URL("/readyz", page))).status).toBe(503);
    expect((await fetch(new URL("/healthz", page))).status).toBe(200);
    await ann.channel("chat.general").publish("still taken");
    const { code, errors } = await stopped;
    expect(code).toBe(0);
    expect(errors).toContain('"moved":0,"closed":1');
  });

  it("ends at once at a second signal, with its exit code", async () => {
    const { server, url } = await serve(["--port", "0", "--memory", "--no-page", "--drain", "10m"]);
    cleanup.process(server);
    await connected(client(url));
    server.child.kill("SIGTERM");
    await server.printed(/draining: /, "stderr");
    expect(await server.stop("SIGTERM")).toMatchObject({ code: 143 });
  });

  it("closes without a drain when it is given no time for one", async () => {
    const { server, url } = await serve(["--port", "0", "--memory", "--no-page", "--drain", "0"]);
    cleanup.process(server);
    await connected(client(url));
    const { code, errors } = await server.stop();
    expect(code).toBe(0);
    expect(errors).not.toContain("draining");
  });
});
