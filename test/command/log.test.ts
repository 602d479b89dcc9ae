import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Cleanup, freePort, HawserProcess, run, serve } from "./hawser-process.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function startLog(folder: string, ...more: string[]): Promise<{ log: HawserProcess; address: string }> {
  const log = cleanup.process(new HawserProcess(["log", ...more], { folder }));
  const [, address = ""] = await log.printed(/hawser serve --log (\S+)\n[^]*Data .*\n/);
  return { log, address };
}

async function startNode(folder: string, ...more: string[]): Promise<{ server: HawserProcess; url: string }> {
  const started = await serve(["--port", "0", "--no-page", ...more], { folder });
  cleanup.process(started.server);
  return started;
}

describe("hawser log", () => {
  it("keeps one log for several nodes, at a socket that is its owner's alone", async () => {
    const folder = cleanup.folder();
    const { address } = await startLog(folder);
    expect(address).toBe(`unix:${join(folder, "data/log.sock")}`);
    expect(statSync(join(folder, "data/log.sock")).mode & 0o777).toBe(0o600);
    const [a, b] = [await startNode(folder, "--log", address), await startNode(folder, "--log", "unix:data/log.sock")];
    expect(a.server.out).toContain(`Data     the log of ${address}`);
    expect((await run(["pub", "chat.general", "over both", "--url", a.url])).code).toBe(0);
    expect((await run(["history", "chat.general", "--url", b.url])).out).toContain("over both");
  });

  it("and serve take address and channels from one configuration", async () => {
    const folder = cleanup.folder();
    writeFileSync(
      join(folder, "hawser.config.ts"),
      'export default { log: "tcp:127.0.0.1:0", channels: [{ pattern: "one", retention: { count: 1 } }] };',
    );
    const { address } = await startLog(folder);
    expect(address).toMatch(/^tcp:127\.0\.0\.1:[1-9]\d*$/);
    const { url } = await startNode(folder, "--log", address);
    for (const text of ["first", "second"]) await run(["pub", "one", text, "--url", url]);
    const { out } = await run(["history", "one", "--url", url]);
    expect([out.includes("first"), out.includes("second")]).toEqual([false, true]);
  });

  it("stops in good order, and nodes go on when it is back", async () => {
    const folder = cleanup.folder();
    const address = `tcp:127.0.0.1:${await freePort()}`;
    const first = await startLog(folder, "--listen", address);
    const { url } = await startNode(folder, "--log", address);
    expect((await run(["pub", "chat.general", "before", "--url", url])).code).toBe(0);
    expect(await first.log.stop()).toMatchObject({ code: 0, errors: expect.stringContaining("stopping") });
    await startLog(folder, "--listen", address);
    expect((await run(["pub", "chat.general", "after", "--url", url])).code).toBe(0);
    const { out } = await run(["history", "chat.general", "--url", url]);
    expect(out.indexOf("before")).toBeLessThan(out.indexOf("after"));
    expect(out).toContain("before");
  });

  it("does not start twice on one data folder, nor at the address of another", async () => {
    const folder = cleanup.folder();
    const { address } = await startLog(folder);
    expect(await run(["log"], { folder })).toMatchObject({ code: 1, errors: expect.stringContaining("log-locked") });
    const elsewhere = await run(["log", "--data", "other", "--listen", address], { folder });
    expect(elsewhere).toMatchObject({ code: 1, errors: expect.stringContaining("log-locked") });
  });

  it.each([
    [["log", "--listen", "tcp:0.0.0.0:7070"], "log must be unix:PATH, or tcp:127.0.0.1:PORT"],
    [["log", "--listen", `unix:/${"p".repeat(103)}`], "the path of a socket has 1 to 103 bytes"],
    [["log", "extra"], 'log does not take the argument "extra"'],
    [["log", "--port", "1"], "log has no option --port"],
    [["serve", "--log", "log.sock"], "log must be unix:PATH, or tcp:127.0.0.1:PORT"],
    [["serve", "--log", "unix:log.sock", "--memory"], "contradict each other"],
    [["serve", "--peer", "b.example.org"], "peers must be addresses"],
    [["serve", "--peer", "wss://ann:secret@b.example.org"], "peers must hold addresses"],
    [["serve", "--drain", "soon"], "drainMs must be a time"],
  ])("and serve refuse %j as a mistake of usage", async (words, message) => {
    const folder = cleanup.folder();
    expect(await run(words, { folder })).toMatchObject({ code: 2, errors: expect.stringContaining(message) });
  });
});
