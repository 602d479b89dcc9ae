import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Cleanup } from "../command/hawser-process.ts";
import { GatewayProcess, PlainClient, startPython } from "./gateway-process.ts";

const run = promisify(execFile);
const guide = readFileSync(new URL("../../docs/guides/http-back-ends.md", import.meta.url), "utf8");
const blocks = [...guide.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = "", text = ""]) => ({
  language,
  text,
}));

interface GuideConfig {
  readonly pools: { readonly app: { readonly secret: string; readonly url: string } };
  readonly api: { readonly keys: readonly [{ readonly key: string }] };
}

const cleanup = new Cleanup();
let gateway: GatewayProcess;
let key: string;

beforeEach(async () => {
  const printed = blocks.find(({ language, text }) => language === "json" && text.includes('"pools"'))!;
  const config = JSON.parse(printed.text) as GuideConfig;
  const program = blocks.find(({ language }) => language === "python")!.text;
  const port = await startPython(cleanup, program, { WEBHOOK_SECRET: config.pools.app.secret });
  key = config.api.keys[0].key;
  const app = { ...config.pools.app, url: `http://127.0.0.1:${port}/` };
  gateway = await GatewayProcess.start(cleanup, { ...config, port: 0, pools: { app } });
});
afterEach(() => cleanup.run());

describe("the guide for HTTP back ends", () => {
  it("serves a plain client from Python, as it is printed", async () => {
    const client = await PlainClient.open(gateway.plain("/live/ann"));
    expect(await client.hear()).toBe("hello ann");
    client.say("one");
    client.say("two");
    expect([await client.hear(), await client.hear()]).toEqual(["ONE", "TWO"]);
    client.say("bye");
    expect(await client.hear()).toBe("BYE");
    expect(await client.closed()).toEqual([4000, "3 messages"]);
  });

  it("sends at any time by curl, as it is printed", async () => {
    const client = await PlainClient.open(gateway.plain("/live/ann"));
    await client.hear();
    client.say("id");
    const environment = { ...process.env, HAWSER_API: gateway.api, HAWSER_KEY: key, SOCKET: await client.hear() };
    const commands = blocks.filter(({ language, text }) => language === "sh" && text.startsWith("curl"));
    const answers: string[] = [];
    for (const { text } of commands) answers.push((await run("bash", ["-c", text], { env: environment })).stdout);
    const printed = blocks.find(({ text }) => text.startsWith('{"taken"'))!;
    expect(answers).toEqual(["{}\n", printed.text, "{}\n"]);
    expect([await client.hear(), await client.hear()]).toEqual(["news", "to all"]);
    expect(await client.closed()).toEqual([4001, "signed out"]);
  });
});
