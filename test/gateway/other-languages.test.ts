import { execFile, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { createClient, openSocket, webSocketConnector } from "@hawser/client";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { Cleanup } from "../command/hawser-process.ts";
import { findProgram, freePort } from "../logs/support/start-program.ts";
import { GatewayProcess, PlainClient } from "./gateway-process.ts";

const run = promisify(execFile);
const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const withoutPhp = findProgram("php") === undefined && !process.env["CI"];
const identitySecret = "i".repeat(32);

/** The first block of a guide in a language, as it is printed. */
function printed(guide: string, language: string): string {
  const text = readFileSync(new URL(`../../docs/guides/${guide}.md`, import.meta.url), "utf8");
  return new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, "m").exec(text)![1]!;
}

const languages = [
  {
    name: "Python",
    command: "python3",
    file: "check.py",
    skipped: false,
    program: () =>
      `${printed("check-identities", "python")}\nimport sys\nprint(json.dumps([identity_of(one, "quotes") for one in sys.argv[1:]]))\n`,
  },
  {
    name: "PHP",
    command: "php",
    file: "check.php",
    skipped: withoutPhp,
    program: () =>
      `<?php\n${printed("check-identities", "php")}\necho json_encode(array_map(fn ($one) => identityOf($one, 'quotes'), array_slice($argv, 1)));\n`,
  },
];

/** The header that a server behind a gateway gets with a virtual socket of ann's to the pool `quotes`. */
async function tokenOfGateway(): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  cleanup.add(() => new Promise((resolve) => server.close(resolve)));
  const connected = once(server, "connection") as Promise<[WebSocket, IncomingMessage]>;
  const { port } = server.address() as AddressInfo;
  const gateway = await GatewayProcess.start(cleanup, {
    pools: { quotes: { targets: [`ws://127.0.0.1:${port}`], identitySecret } },
  });
  const client = createClient({ url: gateway.url, token: "ann", connector: webSocketConnector({ WebSocket }) });
  cleanup.add(() => client.close());
  openSocket(client, "quotes");
  const [, { headers }] = await connected;
  return headers["x-hawser-identity"] as string;
}

function tokenOf(claims: object | string, key = identitySecret, alg = "HS256"): string {
  const encoded = (value: object | string): string =>
    Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
  const content = `${encoded({ alg, typ: "JWT" })}.${encoded(claims)}`;
  return `${content}.${createHmac("sha256", key).update(content).digest("base64url")}`;
}

describe("the guide for checking identities", () => {
  it.each(languages.filter(({ skipped }) => !skipped))(
    "takes what a gateway says, and nothing else, in $name as it is printed",
    async ({ command, file, program }) => {
      const token = await tokenOfGateway();
      const good = { sub: "ann", aud: "quotes", exp: Math.floor(Date.now() / 1_000) + 60 };
      const [head = "", claims = "", signature = ""] = token.split(".");
      const others = [
        tokenOf(good, "another secret of thirty-two bytes"),
        tokenOf({ ...good, aud: "orders" }),
        tokenOf({ ...good, exp: 1 }),
        tokenOf({ sub: "ann" }),
        tokenOf("no JSON"),
        tokenOf("[]"),
        `${Buffer.from('{"alg":"none"}').toString("base64url")}.${claims}.`,
        `${head}.${Buffer.from('{"sub":"root","aud":"quotes","exp":9999999999}').toString("base64url")}.${signature}`,
        `${head}.${claims}`,
        "",
        "é.é.é",
      ];
      const path = join(cleanup.folder(), file);
      writeFileSync(path, program());
      const environment = { ...process.env, IDENTITY_SECRET: identitySecret };
      const { stdout } = await run(command, [path, token, tokenOf(good), ...others], { env: environment });
      expect(JSON.parse(stdout)).toEqual([
        expect.objectContaining({ iss: "hawser-gateway", sub: "ann", aud: "quotes", address: "127.0.0.1" }),
        good,
        ...others.map(() => null),
      ]);
    },
  );
});

describe("the guide for HTTP back ends", () => {
  it.skipIf(withoutPhp)("checks what it is sent in PHP, as it is printed", async () => {
    const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
    const path = join(cleanup.folder(), "app.php");
    const answer = "header('content-type: application/json'); echo json_encode([['text' => $event['type']]]);";
    writeFileSync(path, `<?php\n${printed("http-back-ends", "php")}\n${answer}\n`);
    const port = await freePort();
    const php = spawn("php", ["-S", `127.0.0.1:${port}`, path], {
      env: { ...process.env, WEBHOOK_SECRET: secret },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const ended = once(php, "close");
    cleanup.add(async () => {
      php.kill("SIGKILL");
      await ended;
    });
    await new Promise<void>((resolve, reject) => {
      let said = "";
      php.stderr.on("data", (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes("started")) resolve();
      });
      void ended.then(() => reject(new Error(`php ended: ${said}`)));
    });
    const pool = { kind: "http", url: `http://127.0.0.1:${port}/`, secret };
    const gateway = await GatewayProcess.start(cleanup, {
      pools: { app: pool, other: { ...pool, secret: `whsec_${Buffer.alloc(32, 8).toString("base64")}` } },
      routes: [
        { path: "/app", pool: "app" },
        { path: "/other", pool: "other" },
      ],
    });
    const client = await PlainClient.open(gateway.plain("/app"));
    expect(await client.hear()).toBe("socket.connect");
    client.say("hello");
    expect(await client.hear()).toBe("socket.messages");
    await expect(PlainClient.open(gateway.plain("/other"))).rejects.toThrow("401");
    client.socket.terminate();
  });
});
