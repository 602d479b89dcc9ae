import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

const source = (name: string): string => new URL(`../../${name}/src/index.ts`, import.meta.url).pathname;

/** What a page carries that does this. */
async function bundle(
  code: string,
): Promise<{ readonly text: string; readonly files: string[]; readonly gzipBytes: number }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: import.meta.dirname },
    alias: { "@hawser/client": source("client"), "@hawser/protocol": source("protocol") },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    metafile: true,
    write: false,
  });
  const { contents, text } = outputFiles[0]!;
  const files = Object.entries(Object.values(metafile.outputs)[0]!.inputs)
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([file]) => file);
  return { text, files, gzipBytes: gzipSync(contents, { level: 9 }).length };
}

describe("the client in a browser's bundle", () => {
  it("has neither the JSON codec nor contracts when they are not used", async () => {
    const without = await bundle('import { createClient } from "@hawser/client"; globalThis.client = createClient;');
    const shaken = /json\/(codec|decode|encode|base64)|contract\/contract/;
    expect(without.files.filter((file) => shaken.test(file))).toEqual([]);
    const used = await bundle(
      'import { createClient, jsonCodec } from "@hawser/client"; globalThis.client = [createClient, jsonCodec];',
    );
    expect(used.files.filter((file) => shaken.test(file)).length).toBeGreaterThan(0);
  });

  it("has the layers for any server only when they are used", async () => {
    const layers = /(reconnecting-websocket|connection-set)\//;
    const without = await bundle('import { createClient } from "@hawser/client"; globalThis.client = createClient;');
    expect(without.files.filter((file) => layers.test(file))).toEqual([]);
    const used = await bundle(
      'import { ReconnectingWebSocket } from "@hawser/client"; globalThis.socket = ReconnectingWebSocket;',
    );
    expect(used.files.some((file) => layers.test(file))).toBe(true);
    expect(used.files.filter((file) => /connection-set|outbox|session\/session|protobuf/.test(file))).toEqual([]);
    expect(used.gzipBytes).toBeLessThan(6_100);
    const set = await bundle('import { ConnectionSet } from "@hawser/client"; globalThis.set = ConnectionSet;');
    expect(set.files.filter((file) => /outbox|session\/session|protobuf/.test(file))).toEqual([]);
    expect(set.gzipBytes).toBeLessThan(10_000);
  });

  it("has what shares connections between tabs only when it is used, and its worker has nothing of a session", async () => {
    const without = await bundle('import { createClient } from "@hawser/client"; globalThis.client = createClient;');
    expect(without.files.filter((file) => file.includes("/shared/"))).toEqual([]);
    const folder = new URL("../src/shared/", import.meta.url).pathname;
    const worker = await bundle(`import "${folder}shared-worker.ts";`);
    expect(worker.files.filter((file) => /session|outbox|channel\/|protobuf|json\//.test(file))).toEqual([]);
    expect(worker.gzipBytes).toBeLessThan(4_500);
    const page = await bundle(
      `import { sharedConnector } from "${folder}index.ts"; globalThis.connector = sharedConnector;`,
    );
    expect(page.files.filter((file) => /session|outbox|channel\/|protobuf|json\//.test(file))).toEqual([]);
    expect(page.gzipBytes).toBeLessThan(6_500);
  });

  it("has virtual sockets only when they are used", async () => {
    const sockets = /virtual-socket\/|protocol\/src\/socket\//;
    const without = await bundle('import { createClient } from "@hawser/client"; globalThis.client = createClient;');
    expect(without.files.filter((file) => sockets.test(file))).toEqual([]);
    const used = await bundle(
      'import { createClient, openSocket } from "@hawser/client"; globalThis.client = [createClient, openSocket];',
    );
    expect(used.files.some((file) => sockets.test(file))).toBe(true);
    expect(used.gzipBytes - without.gzipBytes).toBeLessThan(6_800);
  });

  it("is nothing when only an error is looked at", async () => {
    const { gzipBytes } = await bundle(
      'import { HawserError } from "@hawser/client"; globalThis.HawserError = HawserError;',
    );
    expect(gzipBytes).toBeLessThan(1_000);
  });

  it("needs nothing of Node", async () => {
    const { text } = await bundle('import { createClient } from "@hawser/client"; globalThis.client = createClient;');
    expect(text).not.toMatch(/\b(process|Buffer|require)\b/);
  });
});
