import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Cleanup, run } from "../command/hawser-process.ts";
import { GatewayProcess, PlainClient } from "./gateway-process.ts";
import { JsBackEnd, webhookSecret } from "./js-back-end.ts";

const cleanup = new Cleanup();
let backEnd: JsBackEnd;
beforeEach(async () => {
  backEnd = await JsBackEnd.start(cleanup);
});
afterEach(() => cleanup.run());

function config(more: object = {}): object {
  const app = { kind: "http", url: backEnd.url, secret: webhookSecret };
  return { pools: { app }, routes: [{ name: "live", path: "/live/**", pool: "app" }], ...more };
}

describe("hawser gateway --check", () => {
  it("ends with 0 for a file that is right, and with 1 and every fault for one that is not", async () => {
    const folder = cleanup.folder();
    const check = (): ReturnType<typeof run> => run(["gateway", "--check"], { folder });
    writeFileSync(
      join(folder, "hawser.gateway.ts"),
      `import { defineGateway } from "hawser";
       export default defineGateway({
         pools: { app: { kind: "http", url: "http://127.0.0.1:1/", secret: ${JSON.stringify(webhookSecret)} } },
         routes: [{ pool: "app" }],
         authorizePlain: ({ headers }) => ({ user: headers.cookie ?? "nobody" }),
       });`,
    );
    expect(await check()).toMatchObject({
      code: 0,
      out: "hawser.gateway.ts is right: 1 pools, 1 routes.\n",
      errors: "",
    });
    writeFileSync(
      join(folder, "hawser.gateway.ts"),
      `export default { pools: { app: { kind: "http", url: "", secret: "" } }, routs: [] };`,
    );
    const { code, errors } = await check();
    expect(code).toBe(1);
    expect(errors).toBe(`hawser.gateway.ts has 2 faults:
  routs is not known; did you mean routes?
  pools.app.url must not be empty
`);
  });

  it("says that there is no file, and what is wrong with one that does not load", async () => {
    const folder = cleanup.folder();
    expect(await run(["gateway"], { folder })).toMatchObject({
      code: 2,
      errors: expect.stringContaining("there is no configuration: write hawser.gateway.ts") as string,
    });
    writeFileSync(join(folder, "bad.json"), "{");
    const { code, errors } = await run(["gateway", "--check", "--config", "bad.json"], { folder });
    expect([code, errors]).toEqual([1, expect.stringContaining("bad.json could not be loaded: ")]);
  });
});

describe("hawser gateway", () => {
  it("reads its file again at SIGHUP without dropping a connection, and changes nothing for one with faults", async () => {
    const gateway = await GatewayProcess.start(cleanup, config());
    const client = await PlainClient.open(gateway.plain("/live/1"));
    expect(await gateway.reload("{")).toContain("nothing was changed");
    expect(await gateway.reload(config({ routes: [{ pool: "ap" }] }))).toContain("nothing was changed");
    client.say("still here");
    expect(await client.hear()).toBe("still here");
    await PlainClient.open(gateway.plain("/live/2"));
    expect(await gateway.reload(config({ routes: [{ path: "/new", pool: "app" }] }))).toContain("1 pools, 1 routes");
    await PlainClient.open(gateway.plain("/new"));
    await expect(PlainClient.open(gateway.plain("/live/3"))).rejects.toThrow("404");
    client.say("and still");
    expect(await client.hear()).toBe("and still");
  });

  it("drains at SIGTERM: clients are closed with 1001, back ends are told, and it ends with 0", async () => {
    const gateway = await GatewayProcess.start(cleanup, config({ drainMs: 100 }));
    const client = await PlainClient.open(gateway.plain("/live/1"));
    const ended = gateway.process.stop();
    expect(await client.closed()).toMatchObject([1001, expect.anything()]);
    expect(await backEnd.told("socket.disconnect")).toMatchObject({ code: 1001 });
    expect(await ended).toMatchObject({ code: 0 });
  });

  it("writes one line of JSON for each plain connection, and shows metrics by pool", async () => {
    const file = join(cleanup.folder(), "access.log");
    const gateway = await GatewayProcess.start(cleanup, config({ accessLog: file }));
    const client = await PlainClient.open(gateway.plain("/live/1?token=secret"));
    client.say("hello");
    await client.hear();
    client.socket.close(4000, "");
    await backEnd.told("socket.disconnect");
    await expect(PlainClient.open(gateway.plain("/nowhere"))).rejects.toThrow("404");
    const metrics = await (await fetch(new URL("/metrics", gateway.url.replace("ws:", "http:")))).text();
    expect(metrics).toMatch(/^hawser_gateway_backend_requests_total\{pool="app",status="200"\} 3$/m);
    expect(metrics).toMatch(/^hawser_gateway_plain_answers_total\{route="none",status="404"\} 1$/m);
    await gateway.process.stop();
    const lines = readFileSync(file, "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      {
        kind: "plain",
        route: "live",
        pool: "app",
        path: "/live/1",
        status: 101,
        end: "client",
        fromClient: { closeCode: 4000, messages: 1 },
      },
      { path: "/nowhere", status: 404, code: "no-route" },
    ]);
    expect(lines.join()).not.toContain("secret");
  });
});
