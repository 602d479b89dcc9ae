import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Cleanup, freePort, run, serve } from "./hawser-process.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const secret = "a secret of the tests, with more than 32 bytes";

describe("hawser serve", () => {
  it("says where it listens, where data lies, and loudly that clients are anonymous", async () => {
    const folder = cleanup.folder();
    const { server, page } = await serve(["--port", "0", "--data", "store"], { folder });
    cleanup.process(server);
    expect(server.out).toContain(`Page     ${page}`);
    expect(server.out).toContain(`Data     ${join(folder, "store")}`);
    expect(server.out).toContain("ANONYMOUS");
    expect(server.out).toContain("this machine only");
    expect(readdirSync(join(folder, "store")).toSorted()).toEqual(["log", "server-secret"]);
    expect(statSync(join(folder, "store/server-secret")).mode & 0o777).toBe(0o600);
  });

  it("serves the page at / and the health endpoints beside it", async () => {
    const { server, page } = await serve(["--port", "0", "--memory"]);
    cleanup.process(server);
    const answer = await fetch(page);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('<script type="module" src="/app.js">');
    for (const [path, status] of [
      ["app.js", 200],
      ["app.css", 200],
      ["healthz", 200],
      ["readyz", 200],
      ["metrics", 200],
      ["nothing", 404],
    ] as const) {
      expect([path, (await fetch(page + path)).status]).toEqual([path, status]);
    }
  });

  it("serves no page with --no-page", async () => {
    const { server, url } = await serve(["--port", "0", "--memory", "--no-page"]);
    cleanup.process(server);
    expect((await fetch(new URL("/", url.replace("ws", "http")))).status).toBe(404);
    expect(server.out).not.toContain("Page");
  });

  it.each(["SIGTERM", "SIGINT"] as const)("stops in good order on %s, and keeps what was published", async (signal) => {
    const folder = cleanup.folder();
    const port = String(await freePort());
    const first = await serve(["--port", port], { folder });
    cleanup.process(first.server);
    expect((await run(["pub", "chat.general", "kept", "--url", first.url])).code).toBe(0);
    const stopped = await first.server.stop(signal);
    expect([stopped.code, stopped.signal]).toEqual([0, null]);
    const second = await serve(["--port", port], { folder });
    cleanup.process(second.server);
    expect((await run(["history", "chat.general", "--url", second.url])).out).toContain("kept");
  });

  it("takes a second server on the same data folder for a mistake, and says so", async () => {
    const folder = cleanup.folder();
    const { server } = await serve(["--port", "0"], { folder });
    cleanup.process(server);
    const second = await run(["serve", "--port", "0"], { folder });
    expect(second.code).toBe(1);
    expect(second.errors).toContain("log-locked");
  });

  it("names where the port came from when it is in use", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    cleanup.add(() => other.close());
    await once(other, "listening");
    const port = String((other.address() as AddressInfo).port);
    const { code, errors } = await run(["serve", "--memory"], { environment: { PORT: port } });
    expect(code).toBe(2);
    expect(errors).toContain(`port ${port} is in use on 127.0.0.1`);
    expect(errors).toContain("port from environment variable PORT");
  });

  it("reads hawser.config.ts, which imports from hawser, and answers its calls", async () => {
    const folder = cleanup.folder();
    writeFileSync(
      join(folder, "hawser.config.ts"),
      `import { defineConfig, HawserError } from "hawser";
       interface Sum { readonly a: number; readonly b: number }
       export default defineConfig({
         port: 0,
         memory: true,
         channels: [{ pattern: "news", clientsPublish: false }],
         calls: {
           add: (request: unknown) => (request as Sum).a + (request as Sum).b,
           refuse: () => { throw new HawserError("app-no", "not today"); },
         },
       });`,
    );
    const { server, url } = await serve([], { folder });
    cleanup.process(server);
    expect(await run(["call", "add", '{"a":1,"b":2}', "--url", url])).toMatchObject({ code: 0, out: "3\n" });
    expect(await run(["call", "refuse", "--url", url])).toMatchObject({
      code: 1,
      errors: "hawser: not today (app-no)\n",
    });
    expect((await run(["pub", "news", "mine", "--url", url])).code).toBe(3);
  });

  it("lets in only those with a token once it has a secret, and shows neither", async () => {
    const folder = cleanup.folder();
    writeFileSync(join(folder, "secret.txt"), `${secret}\n`);
    const { server, url } = await serve(
      ["--port", "0", "--memory", "--secret-file", "secret.txt", "--log-level", "debug"],
      { folder },
    );
    cleanup.process(server);
    expect(server.out).not.toContain("ANONYMOUS");
    const nobody = await run(["pub", "chat.general", "x", "--url", url]);
    expect([nobody.code, nobody.errors]).toEqual([3, expect.stringContaining("(token-invalid)")]);

    const token = (
      await run(["token", "--user", "ann", "--allow", "subscribe+history:chat.*"], {
        environment: { HAWSER_SECRET: secret },
      })
    ).out.trim();
    const environment = { HAWSER_TOKEN: token, HAWSER_URL: url };
    expect((await run(["history", "chat.general"], { environment })).code).toBe(0);
    expect((await run(["pub", "chat.general", "x"], { environment })).code).toBe(3);
    expect((await run(["history", "other"], { environment })).code).toBe(3);
    const { out, errors } = await server.stop();
    for (const hidden of [token, secret]) expect(out + errors).not.toContain(hidden);
  });

  it("shows with --check what it would use and from where, and starts nothing", async () => {
    const folder = cleanup.folder();
    writeFileSync(join(folder, "hawser.config.ts"), 'export default { host: "::1", name: "north" };');
    const { code, out } = await run(["serve", "--check", "--port", "1234"], {
      folder,
      environment: { HAWSER_SECRET: secret },
    });
    expect(code).toBe(0);
    expect(out).toMatch(/^port +1234 +--port$/m);
    expect(out).toMatch(/^host +::1 +host in hawser\.config\.ts$/m);
    expect(out).toMatch(/^secret +\(hidden\) +environment variable HAWSER_SECRET$/m);
    expect(out).toMatch(/^name +\(given\) +hawser\.config\.ts$/m);
    expect(out).not.toContain(secret);
    expect(readdirSync(folder)).toEqual(["hawser.config.ts"]);
  });

  it("refuses channels that its log cannot keep, before it starts", async () => {
    const folder = cleanup.folder();
    writeFileSync(
      join(folder, "hawser.config.ts"),
      'export default { memory: true, channels: [{ pattern: "a", durability: "flush" }] };',
    );
    const { code, errors } = await run(["serve", "--check"], { folder });
    expect([code, errors]).toEqual([2, expect.stringContaining("durability")]);
  });

  it("says what is wrong with a data folder that is a file", async () => {
    const folder = cleanup.folder();
    mkdirSync(join(folder, "empty"));
    writeFileSync(join(folder, "file"), "");
    const { code, errors } = await run(["serve", "--port", "0", "--data", "file/data"], { folder });
    expect([code, errors]).toEqual([2, expect.stringContaining("(from --data) cannot be made")]);
  });
});
