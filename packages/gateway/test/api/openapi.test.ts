import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Operation } from "@hawser/server";
import { afterEach, describe, expect, it } from "vitest";
import { createGateway } from "../../src/index.ts";
import type { Gateway } from "../../src/index.ts";
import { secret } from "../backend/support.ts";
import { MemoryRegisters } from "../support/memory-registers.ts";

interface Described {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
}

const document = JSON.parse(readFileSync(new URL("../../../../spec/openapi.json", import.meta.url), "utf8")) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
};
const ajv = new Ajv2020({ strict: false });
ajv.addSchema(document, "openapi.json");

const described = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item)
    .filter(([method, { tags }]) => method !== "parameters" && tags.includes("gateway"))
    .map(([method, one]) => ({ ...one, method: method.toUpperCase(), path: path.slice(1) })),
);

let gateway: Gateway;
afterEach(() => gateway.close());

async function ask(name: string, path: Record<string, string> = {}, body?: unknown): Promise<object> {
  const operation = gateway.operations.find((one) => one.name === name)!;
  const key = { name: "a", scopes: new Set<never>(), covers: () => true };
  const call = { key, shownKey: "", path, query: new Map<string, string>(), body, charge: () => {} };
  const answer = await operation.run(call);
  const { method, path: at } = described.find(({ operationId }) => operationId === name)!;
  const pointer = [
    "paths",
    `/${at}`,
    method.toLowerCase(),
    "responses",
    String(answer.status),
    "content",
    "application/json",
  ]
    .map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1").replaceAll("{", "%7B").replaceAll("}", "%7D"))
    .join("/");
  const validate = ajv.compile({ $ref: `openapi.json#/${pointer}/schema` });
  expect(validate(answer.body), JSON.stringify({ body: answer.body, errors: validate.errors })).toBe(true);
  return answer.body;
}

describe("the OpenAPI document", () => {
  it("has the operations of a gateway, with their paths and scopes", () => {
    gateway = createGateway({ pools: {} });
    const line = (name: string, method: string, path: string, scope: string): string =>
      [name, method, path, scope].join(" ");
    const actual = gateway.operations.map(({ name, method, path, scope }: Operation) =>
      line(name, method, path, scope),
    );
    expect(
      described
        .map(({ operationId, method, path, summary }) =>
          line(operationId, method, path, /Scope (\w+)\.$/.exec(summary)?.[1] ?? ""),
        )
        .toSorted(),
    ).toEqual(actual.toSorted());
  });

  it("says what pools look like", async () => {
    gateway = createGateway({
      pools: { app: { kind: "http", url: "http://127.0.0.1:1/", secret }, quotes: { targets: ["ws://127.0.0.1:1"] } },
    });
    await gateway.start(new MemoryRegisters().host());
    await ask("pools");
    await ask("pool", { pool: "app" });
    await ask("putPool", { pool: "new" }, { targets: ["ws://127.0.0.1:1"], health: false });
    await ask("drainTarget", { pool: "quotes", target: "127.0.0.1:1" }, { withinMs: 1 });
    await ask("restoreTarget", { pool: "quotes", target: "127.0.0.1:1" });
    await ask("removePool", { pool: "new" });
    const pushed = await ask("pushToSockets", {}, { sockets: ["none"], messages: [{ text: "a" }] });
    expect(pushed).toEqual({ taken: 0, gone: ["none"], full: [], unreachable: [] });
  });
});
