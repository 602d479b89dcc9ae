import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { selfSigned } from "../support/self-signed.ts";
import { Cleanup, freePort, HawserProcess, run, serve } from "./hawser-process.ts";
import type { Ended } from "./hawser-process.ts";

const cleanup = new Cleanup();
const folder = cleanup.folder();
let port = "";
let url = "";

beforeAll(async () => {
  port = String(await freePort());
  const started = await serve(["--port", port], { folder });
  cleanup.process(started.server);
  ({ url } = started);
});
afterAll(() => cleanup.run());

const hawser = (...words: string[]): Promise<Ended> => run([...words, "--url", url]);
const start = (...words: string[]): HawserProcess => cleanup.process(new HawserProcess([...words, "--url", url]));
const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");
const objects = (text: string): Record<string, unknown>[] =>
  lines(text).map((line) => JSON.parse(line) as Record<string, unknown>);

describe("hawser pub and sub", () => {
  it("carry a message from one terminal to another", async () => {
    const sub = start("sub", "hello", "--user", "ann");
    await sub.printed(/connected to .* as ann/, "stderr");
    const reader = start("sub", "hello", "--from", "earliest", "--json", "--count", "1");
    const pub = await hawser("pub", "hello", "good morning", "--user", "bob");
    expect([pub.code, pub.out]).toEqual([0, expect.stringMatching(/^accepted at \d+:1\n$/)]);
    expect(objects((await reader.ended).out)).toMatchObject([
      { channel: "hello", data: "good morning", publisher: "bob", position: { offset: 1 } },
    ]);
    await sub.printed(/^\d\d:\d\d:\d\d  bob     good morning$/m);
    expect(await sub.stop("SIGINT")).toMatchObject({ code: 130, signal: null });
  });

  it("go over TCP, with TLS and without", async () => {
    const certificates = cleanup.folder();
    for (const name of ["cert", "key"] as const) writeFileSync(join(certificates, `${name}.pem`), selfSigned[name]);
    const secured = ["--tcp-cert", join(certificates, "cert.pem"), "--tcp-key", join(certificates, "key.pem")];
    for (const tls of [[], secured]) {
      const { server } = await serve(["--port", "0", "--tcp-port", "0", ...tls], { folder: cleanup.folder() });
      cleanup.process(server);
      const [, address = ""] = await server.printed(/Programs +(\S+)/);
      expect(address).toMatch(tls.length === 0 ? /^tcp:/ : /^tls:/);
      // The one certificate that this machine is to trust.
      const environment = { NODE_EXTRA_CA_CERTS: join(certificates, "cert.pem") };
      const sub = new HawserProcess(
        ["sub", "hello", "--from", "earliest", "--count", "1", "--json", "--url", address],
        {
          environment,
        },
      );
      cleanup.process(sub);
      const pub = await run(["pub", "hello", "good morning", "--user", "bob", "--url", address], { environment });
      expect([pub.code, pub.errors]).toEqual([0, ""]);
      expect(objects((await sub.ended).out)).toMatchObject([{ data: "good morning", publisher: "bob" }]);
    }
  });

  it("publish every line of the standard input, in order, and answer for each", async () => {
    const input = Array.from({ length: 2000 }, (_, index) => `line ${index}`).join("\n");
    const pub = await run(["pub", "lines", "--url", url], { input });
    expect([pub.code, pub.out, pub.errors]).toEqual([0, "", "2000 accepted\n"]);
    const sub = await hawser("sub", "lines", "--from", "earliest", "--count", "2000", "--json");
    expect(objects(sub.out).map(({ data }) => data)).toEqual(input.split("\n"));
    expect(sub.code).toBe(0);
  });

  it("take JSON with --json, and say for each line what became of it", async () => {
    const input = '{"bid":1.5}\nnot json\n\n[1,2]\n';
    const pub = await run(["pub", "values", "--json", "--key", "EURUSD", "--url", url], { input });
    expect(pub.code).toBe(1);
    const told = objects(pub.out).toSorted((one, other) => Number(one["line"]) - Number(other["line"]));
    expect(told).toMatchObject([
      { type: "accepted", line: 1, duplicate: false },
      { type: "rejected", line: 2, code: "payload-invalid" },
      { type: "accepted", line: 4 },
    ]);
    const history = await hawser("history", "values", "--json");
    expect(objects(history.out)).toMatchObject([{ data: { bid: 1.5 }, key: "EURUSD" }, { data: [1, 2] }]);
  });

  it("go on over a killed server without a gap or a double", async () => {
    const own = cleanup.folder();
    const ownPort = String(await freePort());
    const first = await serve(["--port", ownPort], { folder: own });
    cleanup.process(first.server);
    const sub = cleanup.process(
      new HawserProcess(["sub", "steady", "--from", "earliest", "--json", "--count", "400", "--url", first.url]),
    );
    await sub.printed(/connected/, "stderr");
    const pub = cleanup.process(new HawserProcess(["pub", "steady", "--json", "--timeout", "60", "--url", first.url]));
    for (let index = 0; index < 200; index += 1) pub.child.stdin.write(`${index}\n`);
    await sub.printed(/"offset":100\b/);
    await first.server.stop("SIGKILL");
    for (let index = 200; index < 400; index += 1) pub.child.stdin.write(`${index}\n`);
    pub.child.stdin.end();
    await sub.printed(/"disconnected"/, "stderr");
    const second = await serve(["--port", ownPort], { folder: own });
    cleanup.process(second.server);
    const published = await pub.ended;
    expect([published.code, published.errors]).toEqual([0, ""]);
    const read = await sub.ended;
    expect(read.code).toBe(0);
    expect(objects(read.out).map(({ data }) => data)).toEqual(Array.from({ length: 400 }, (_, index) => index));
    expect(read.errors).toContain('{"type":"reconnected"}');
  });

  it("take a time to live for messages, and none that is no time", async () => {
    expect((await hawser("pub", "late", "1", "--ttl", "30s")).code).toBe(0);
    const wrong = await hawser("pub", "late", "1", "--ttl", "soon");
    expect([wrong.code, wrong.errors]).toEqual([2, expect.stringContaining("--ttl must be a time")]);
  });

  it("name the channel of each message when several are read", async () => {
    await hawser("pub", "two.a", "first");
    await hawser("pub", "two.b", "second");
    const { out } = await hawser("sub", "two.a", "two.b", "--from", "earliest", "--count", "2");
    expect(lines(out).toSorted()).toEqual([
      expect.stringMatching(/  two\.a  anonymous-.*  first$/),
      expect.stringMatching(/  two\.b  anonymous-.*  second$/),
    ]);
  });

  it("go on at a position", async () => {
    await run(["pub", "places", "--url", url], { input: "one\ntwo\nthree\n" });
    const [first] = objects((await hawser("history", "places", "--after", "earliest", "--limit", "1", "--json")).out);
    const sub = await hawser("sub", "places", "--from", JSON.stringify(first?.["position"]), "--count", "2", "--json");
    expect(objects(sub.out).map(({ data }) => data)).toEqual(["two", "three"]);
    const last = await hawser("sub", "places", "--from", "last:1", "--count", "1", "--json");
    expect(objects(last.out)).toMatchObject([{ data: "three" }]);
  });

  it("end quietly when the reader of their output has gone", async () => {
    await run(["pub", "pipe", "--url", url], { input: "x\n".repeat(500) });
    const sub = start("sub", "pipe", "--from", "earliest", "--json");
    await sub.printed(/\n/);
    sub.child.stdout.destroy();
    await hawser("pub", "pipe", "one more");
    const { code, errors } = await sub.ended;
    expect(code).toBe(0);
    expect(errors).not.toMatch(/EPIPE|Error/);
  });

  it("tell refusals from mistakes by the exit code", async () => {
    expect((await hawser("sub", "$other")).code).toBe(3);
    expect((await hawser("sub", "a b")).code).not.toBe(0);
    expect((await hawser("pub")).code).toBe(2);
    expect((await hawser("sub", "x", "--from", "yesterday")).code).toBe(2);
    expect((await hawser("pub", "x", "{", "--json")).code).toBe(2);
    expect((await hawser("call", "nothing")).code).toBe(1);
    expect((await run(["sub", "x", "--url", "ftp://example.org"])).code).toBe(2);
  });

  it("give up when no server answers, and say why", async () => {
    const nobody = `ws://127.0.0.1:${await freePort()}/hawser`;
    const { code, errors } = await run(["pub", "x", "y", "--timeout", "1", "--url", nobody]);
    expect([code, errors]).toEqual([
      1,
      expect.stringContaining(`no connection to ${nobody} within 1 s: connect ECONNREFUSED`),
    ]);
  });

  it("end with 4 when the outcome of what was sent is not known", async () => {
    const own = await serve(["--port", "0", "--memory"]);
    cleanup.process(own.server);
    const pub = cleanup.process(new HawserProcess(["pub", "x", "--json", "--timeout", "1", "--url", own.url]));
    pub.child.stdin.write("1\n");
    await pub.printed(/accepted/);
    // A server that stands still: it takes what is sent, and never answers.
    own.server.child.kill("SIGSTOP");
    cleanup.add(() => own.server.child.kill("SIGCONT"));
    pub.child.stdin.end("2\n");
    const { code, out } = await pub.ended;
    expect(objects(out).at(-1)).toMatchObject({ type: "unknown", line: 2 });
    expect(code).toBe(4);
  });
});

describe("hawser history", () => {
  it("goes through all pages, in order, in both directions", async () => {
    const input = Array.from({ length: 1200 }, (_, index) => String(index)).join("\n");
    await run(["pub", "long", "--json", "--url", url], { input });
    const all = Array.from({ length: 1200 }, (_, index) => index);
    const forward = await hawser("history", "long", "--after", "earliest", "--limit", "5000", "--json");
    expect(objects(forward.out).map(({ data }) => data)).toEqual(all);
    const backward = await hawser("history", "long", "--limit", "1100", "--json");
    expect(objects(backward.out).map(({ data }) => data)).toEqual(all.slice(-1100));
    expect(backward.errors).toMatch(/^there is more: --before \d+:100\n$/);
    const [, option = "", position = ""] = /(--before) (\S+)/.exec(backward.errors) ?? [];
    const rest = await hawser("history", "long", option, position, "--limit", "5000", "--json");
    expect(objects(rest.out).map(({ data }) => data)).toEqual(all.slice(0, 100));
  });

  it("says nothing for a channel that holds nothing", async () => {
    expect(await hawser("history", "empty")).toMatchObject({ code: 0, out: "", errors: "" });
  });
});
