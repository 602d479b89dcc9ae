import { defineContract, HawserError, payloadOf, valueOf } from "@hawser/protocol";
import type { CallFrame, ServerFrame, StandardSchemaV1 } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import type { CallHandler } from "../../src/core.ts";
import { startNode } from "../support/test-node.ts";

const call = (id: number, method: string, value: unknown = null, more: Partial<CallFrame> = {}): CallFrame => ({
  type: "call",
  id,
  method,
  payload: payloadOf(value),
  timeoutMs: 0,
  idempotent: false,
  ...more,
});

const results = (frames: readonly ServerFrame[]): unknown[] =>
  frames.map((frame) => (frame.type === "result" ? valueOf(frame.payload) : "code" in frame ? frame.code : frame.type));

const number: StandardSchemaV1<unknown, number> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => (typeof value === "number" ? { value } : { issues: [{ message: "expected a number" }] }),
  },
};

describe("a call", () => {
  it("is answered with its result, or with the error that says what happened [CALL-1]", async () => {
    const reported: string[] = [];
    const calls: Record<string, CallHandler> = {
      add: (request) => (request as number) + 1,
      none: () => undefined,
      throws: () => {
        throw new Error("the password is 1234");
      },
      refuses: () => {
        throw new HawserError("app-sold-out", "There is none left.");
      },
      lies: () => "not a number",
    };
    const contract = defineContract({
      calls: { add: { request: number, reply: number }, lies: { request: number, reply: number } },
    });
    const logger = {
      debug() {},
      info() {},
      warn() {},
      error: (_fields: object, message: string) => void reported.push(message),
    };
    const { client } = await startNode({ calls, contract, logger });
    const ann = await client().connect();
    expect(results(await ann.ask(call(1, "add", 41)))).toEqual([42]);
    expect(results(await ann.ask(call(2, "none")))).toEqual([null]);
    expect(results(await ann.ask(call(3, "add", "x")))).toEqual(["payload-invalid"]);
    expect(results(await ann.ask(call(4, "refuses")))).toEqual(["app-sold-out"]);
    expect(results(await ann.ask(call(5, "nothing")))).toEqual(["method-unknown"]);
    expect(results(await ann.ask(call(6, "__proto__")))).toEqual(["method-unknown"]);
    expect(results(await ann.ask(call(7, "lies", 1)))).toEqual(["call-failed"]);
    const failed = await ann.ask(call(8, "throws"));
    expect(results(failed)).toEqual(["call-failed"]);
    expect(JSON.stringify(failed)).not.toContain("1234");
    expect(reported).toEqual(["call lies failed", "call throws failed"]);
  });

  it("is answered with what the handler gave, of which the caller's end makes the schema's output", async () => {
    const toText: StandardSchemaV1<number, string> = {
      "~standard": { version: 1, vendor: "test", validate: (value) => ({ value: String(value) }) },
    };
    const contract = defineContract({ calls: { double: { request: toText, reply: toText } } });
    const calls: Record<string, CallHandler> = { double: (request) => Number(request) * 2 };
    const { client } = await startNode({ calls, contract });
    const ann = await client().connect();
    expect(results(await ann.ask(call(1, "double", 21)))).toEqual([42]);
  });

  it("whose handler replies what JSON cannot say has failed, and was not a bad request [CALL-1]", async () => {
    const { client } = await startNode({ calls: { big: () => 1n } });
    const ann = await client().connect();
    expect(results(await ann.ask(call(1, "big")))).toEqual(["call-failed"]);
  });

  it("is forbidden without the right to it, whether it is there or not [CALL-1]", async () => {
    const capabilities = [{ pattern: "open", verbs: ["call" as const] }];
    const { client } = await startNode({
      calls: { open: () => 1, closed: () => 2 },
      identities: { ann: { capabilities } },
    });
    const ann = await client().connect();
    expect(results(await ann.ask(call(1, "open")))).toEqual([1]);
    expect(results(await ann.ask(call(2, "closed"), call(3, "nothing")))).toEqual(["forbidden", "forbidden"]);
  });

  it("ends at its deadline, and its handler is told [CALL-2]", async () => {
    let reason: unknown;
    const calls: Record<string, CallHandler> = {
      wait: (_request, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            reason = signal.reason;
            reject(signal.reason as Error);
          });
        }),
    };
    const { client, ports } = await startNode({ calls });
    const ann = await client().connect();
    await ann.ask(call(1, "wait", null, { timeoutMs: 500 }));
    await ports.advance(499);
    expect(await ann.frames()).toEqual([]);
    await ports.advance(1);
    expect(results(await ann.frames())).toEqual(["deadline-exceeded"]);
    expect(reason).toMatchObject({ code: "deadline-exceeded" });
  });

  it("that names no time has the server's, and one that names too much the longest", async () => {
    const calls: Record<string, CallHandler> = { wait: () => new Promise(() => {}) };
    const { client, ports } = await startNode({ calls, limits: { callTimeoutMs: 1_000, maxCallTimeoutMs: 2_000 } });
    const ann = await client().connect();
    await ann.ask(
      call(1, "wait"),
      call(2, "wait", null, { timeoutMs: 2_000 }),
      call(3, "wait", null, { timeoutMs: 2_001 }),
    );
    await ports.advance(999);
    expect(await ann.frames()).toEqual([]);
    await ports.advance(1);
    expect(await ann.frames()).toMatchObject([{ id: 1, code: "deadline-exceeded" }]);
    await ports.advance(999);
    expect(await ann.frames()).toEqual([]);
    await ports.advance(1);
    expect(await ann.frames()).toMatchObject([
      { id: 2, code: "deadline-exceeded" },
      { id: 3, code: "deadline-exceeded" },
    ]);
  });

  it("is cancelled once, unless it was answered [CALL-3]", async () => {
    const aborted: number[] = [];
    const calls: Record<string, CallHandler> = {
      wait: (request, { signal }) =>
        new Promise(() => signal.addEventListener("abort", () => aborted.push(request as number))),
      quick: () => 1,
    };
    const { client } = await startNode({ calls });
    const ann = await client().connect();
    expect(await ann.ask(call(1, "wait", 7))).toEqual([]);
    expect(results(await ann.ask({ type: "cancel", id: 1 }, { type: "cancel", id: 1 }))).toEqual(["call-cancelled"]);
    expect(aborted).toEqual([7]);
    expect(results(await ann.ask(call(1, "quick")))).toEqual([1]);
    expect(await ann.ask({ type: "cancel", id: 1 })).toEqual([]);
  });

  it("ends for its handler when the connection does [CALL-4]", async () => {
    const reasons: unknown[] = [];
    const calls: Record<string, CallHandler> = {
      wait: (_request, { signal }) =>
        new Promise(() => signal.addEventListener("abort", () => reasons.push(signal.reason))),
    };
    const { client } = await startNode({ calls });
    const ann = await client().connect();
    await ann.ask(call(1, "wait"));
    ann.transport.handlers?.onClose(1006, "");
    expect(reasons).toMatchObject([{ code: "connection-lost" }]);
  });

  it("gets the identity and the session of its caller", async () => {
    const { client } = await startNode({
      calls: { who: (_request, { identity, session }) => `${identity.user} ${session}` },
    });
    const ann = client();
    await ann.ask({ type: "connect", token: "ann", session: "tab-1", agent: "" });
    expect(results(await ann.ask(call(1, "who")))).toEqual(["ann tab-1"]);
  });
});
