import type { ApiAnswer, ApiCall } from "@hawser/server";
import { describe, expect, it } from "vitest";
import { pushOperations } from "../../src/api/push-operations.ts";
import { nodeMark } from "../../src/backend/backends.ts";
import { peersOf } from "../../src/backend/peers.ts";
import { Bench } from "../backend/support.ts";

interface Asked {
  readonly url: string;
  readonly key: string;
  readonly body: object;
}

class PushBench extends Bench {
  readonly asked: Asked[] = [];
  charged = 0;
  answer: { readonly status: number; readonly body: object } | undefined = { status: 200, body: {} };
  readonly #operations = pushOperations({
    backends: this.backends,
    mark: nodeMark("a"),
    peers: peersOf({ b: "http://b.test/hawser/api/v1/" }, () => [{ name: "c", endpoints: ["wss://c.test/hawser"] }]),
    post: async (url, key, body) => {
      this.asked.push({ url, key, body });
      if (this.answer === undefined) throw new Error("not reached");
      return this.answer;
    },
  });

  ask(name: string, body: unknown, socket = "", query: readonly [string, string][] = []): Promise<ApiAnswer> {
    const operation = this.#operations.find((known) => known.name === name)!;
    const call: ApiCall = {
      key: { name: "app", scopes: new Set(["push"]), covers: () => true },
      shownKey: "the-key",
      path: { socket },
      query: new Map(query),
      body,
      charge: (count) => (this.charged += count),
    };
    return operation.run(call);
  }
}

const held = (node: string): string => nodeMark(node) + "0".repeat(32);

describe("the API for pushes", () => {
  it("sends messages to a socket of this node, and closes it", async () => {
    const bench = new PushBench();
    const opened = await bench.open();
    await bench.ask("pushToSocket", { messages: [{ text: "a" }, { binary: "AQ==" }] }, opened.socket.id);
    await bench.ask("closeSocket", { code: 4000, reason: "over" }, opened.socket.id);
    expect(opened.got).toEqual(["a", Uint8Array.of(1), [4000, "over"]]);
  });

  it("closes with 1000 where nothing is said", async () => {
    const bench = new PushBench();
    const opened = await bench.open();
    await bench.ask("closeSocket", undefined, opened.socket.id);
    expect(opened.got).toEqual([[1000, ""]]);
  });

  it("says that a socket is gone, and that its client reads too slowly", async () => {
    const bench = new PushBench({ limits: { maxQueuedBytes: 1 } });
    const opened = await bench.open();
    opened.socket.pause();
    const push = (socket: string): Promise<ApiAnswer> =>
      bench.ask("pushToSocket", { messages: [{ text: "" }] }, socket);
    await push(opened.socket.id);
    await expect(push(opened.socket.id)).rejects.toMatchObject({
      status: 429,
      body: { code: "queue-full", retry: true },
    });
    await expect(push(held("a"))).rejects.toMatchObject({
      status: 404,
      body: { code: "socket-unknown", retry: false },
    });
    await expect(push("nonsense")).rejects.toMatchObject({ status: 404 });
  });

  it.each([
    {},
    { messages: {} },
    { messages: [{ txt: "" }] },
    { messages: [], more: 1 },
    { messages: Array(1_001).fill({ text: "" }) },
  ])("refuses a body that is none: %j", async (body) => {
    await expect(new PushBench().ask("pushToSocket", body, held("a"))).rejects.toMatchObject({ status: 400 });
  });

  it("asks the node that holds the socket, named or known to the cluster, once and with the same key", async () => {
    const bench = new PushBench();
    const body = { messages: [{ text: "a" }] };
    bench.answer = { status: 404, body: { error: {} } };
    expect(await bench.ask("pushToSocket", body, held("b"))).toEqual(bench.answer);
    await bench.ask("closeSocket", undefined, held("c"));
    expect(bench.asked).toEqual([
      { url: `http://b.test/hawser/api/v1/sockets/${held("b")}/messages?local=true`, key: "the-key", body },
      { url: `https://c.test/hawser/api/v1/sockets/${held("c")}/close?local=true`, key: "the-key", body: {} },
    ]);
    await expect(bench.ask("pushToSocket", body, held("b"), [["local", "true"]])).rejects.toMatchObject({
      status: 404,
    });
    await expect(bench.ask("pushToSocket", body, held("unknown"))).rejects.toMatchObject({ status: 404 });
    expect(bench.asked).toHaveLength(2);
  });

  it("says that the node was not reached", async () => {
    const bench = new PushBench();
    bench.answer = undefined;
    const pushed = bench.ask("pushToSocket", { messages: [] }, held("b"));
    await expect(pushed).rejects.toMatchObject({ status: 503, body: { retry: true } });
  });

  it("sends to many at once, node by node, and says which did not get it", async () => {
    const bench = new PushBench({ limits: { maxQueuedBytes: 1 } });
    const [one, slow] = [await bench.open(), await bench.open()];
    slow.socket.pause();
    bench.backends.push(slow.socket.id, [{ kind: "close", code: 1000, reason: "" }]);
    bench.answer = { status: 200, body: { taken: 1, gone: [held("b")], full: [], unreachable: [] } };
    const other = `${nodeMark("b")}${"1".repeat(32)}`;
    const sockets = [one.socket.id, slow.socket.id, one.socket.id, held("a"), held("b"), other];
    expect(await bench.ask("pushToSockets", { sockets, messages: [{ text: "all" }] })).toEqual({
      status: 200,
      body: { taken: 2, gone: [held("a"), held("b")], full: [slow.socket.id], unreachable: [] },
    });
    expect(one.got).toEqual(["all"]);
    expect(bench.charged).toBe(5);
    bench.answer = undefined;
    expect(await bench.ask("pushToSockets", { sockets: [held("b")], messages: [] })).toMatchObject({
      body: { taken: 0, unreachable: [held("b")] },
    });
  });

  it("takes 1,000 sockets, and refuses one more", async () => {
    const bench = new PushBench();
    const ask = (count: number): Promise<ApiAnswer> =>
      bench.ask("pushToSockets", { sockets: Array.from({ length: count }, (_, index) => String(index)), messages: [] });
    await expect(ask(1_000)).resolves.toMatchObject({ status: 200 });
    await expect(ask(1_001)).rejects.toMatchObject({ status: 400 });
  });
});
