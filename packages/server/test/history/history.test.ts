import { memoryLog } from "@hawser/log";
import { payloadOf, valueOf } from "@hawser/protocol";
import type { HistoryFrame, PageFrame, ServerFrame } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { startNode, subscribe } from "../support/test-node.ts";
import type { TestClient } from "../support/test-node.ts";

const history = (more: Partial<HistoryFrame> = {}): HistoryFrame => ({
  type: "history",
  id: 1,
  channel: "chat",
  position: undefined,
  backward: false,
  limit: 0,
  ...more,
});

function pageOf(frames: readonly ServerFrame[]): PageFrame {
  const [page] = frames;
  if (page?.type !== "page") throw new Error(`no page: ${JSON.stringify(frames)}`);
  return page;
}

const values = (page: PageFrame): unknown[] =>
  page.messages.map((message) => message.payload && valueOf(message.payload));

async function filled(count: number, options = {}): Promise<{ ann: TestClient; epoch: number }> {
  const { client, node } = await startNode(options);
  let epoch = 0;
  for (let index = 1; index <= count; index += 1) ({ epoch } = await node.publish("chat", payloadOf(index)));
  return { ann: await client().connect(), epoch };
}

describe("history", () => {
  it("covers its interval, forward from the floor and backward from the end [HIS-1]", async () => {
    const { ann } = await filled(10);
    const forward = pageOf(await ann.ask(history({ limit: 3 })));
    expect([forward.from, forward.to, forward.more, values(forward)]).toEqual([0, 3, true, [1, 2, 3]]);
    const backward = pageOf(await ann.ask(history({ limit: 3, backward: true })));
    expect([backward.from, backward.to, backward.more, values(backward)]).toEqual([7, 10, true, [8, 9, 10]]);
  });

  it("goes on from either end of a page until there is no more [HIS-2]", async () => {
    for (const backward of [false, true]) {
      const { ann, epoch } = await filled(25);
      const seen: unknown[] = [];
      let page = pageOf(await ann.ask(history({ limit: 7, backward })));
      for (;;) {
        if (backward) seen.unshift(...values(page));
        else seen.push(...values(page));
        if (!page.more) break;
        page = pageOf(
          await ann.ask(history({ limit: 7, backward, position: { epoch, offset: backward ? page.from : page.to } })),
        );
      }
      expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
    }
  });

  it("refuses a position of a log that is no more [HIS-3]", async () => {
    const { ann, epoch } = await filled(3);
    expect(await ann.ask(history({ position: { epoch: epoch - 1, offset: 1 } }))).toMatchObject([
      { type: "error", code: "epoch-unknown" },
    ]);
    expect(await ann.ask(history({ id: 2, position: { epoch: epoch + 1, offset: 1 } }))).toMatchObject([
      { type: "error", code: "epoch-unknown" },
    ]);
  });

  it("gives its default without a limit, and cuts one that is too large [HIS-4]", async () => {
    const { ann } = await filled(30, { limits: { defaultHistoryPage: 5, maxHistoryPage: 20 } });
    expect(pageOf(await ann.ask(history())).messages).toHaveLength(5);
    expect(pageOf(await ann.ask(history({ limit: 20 }))).messages).toHaveLength(20);
    expect(pageOf(await ann.ask(history({ limit: 21 }))).messages).toHaveLength(20);
  });

  it("has the floor, and nothing from below it", async () => {
    const { ann } = await filled(10, { policy: { retainCount: 4 } });
    const page = pageOf(await ann.ask(history({ backward: true })));
    expect([page.floor, page.from, page.more, values(page)]).toEqual([6, 6, false, [7, 8, 9, 10]]);
  });

  it("ends a page with the message that reaches its bytes", async () => {
    // The payloads are the digits: nine of one byte, then of two.
    const { ann } = await filled(30, { limits: { maxHistoryBytes: 11 } });
    expect(pageOf(await ann.ask(history())).messages).toHaveLength(10);
    const { ann: bob } = await filled(30, { limits: { maxHistoryBytes: 12 } });
    expect(pageOf(await bob.ask(history())).messages).toHaveLength(11);
  });

  it("needs its own right", async () => {
    const capabilities = [{ pattern: "**", verbs: ["subscribe" as const] }];
    const { ann } = await filled(3, { identities: { ann: { capabilities } } });
    expect(await ann.ask(history())).toMatchObject([{ type: "error", code: "forbidden" }]);
    expect(await ann.ask(history({ id: 2, channel: "a b" }))).toMatchObject([
      { type: "error", code: "channel-invalid" },
    ]);
  });

  it("is not sent with a right that was taken away while the page waited to be written [HIS-5]", async () => {
    let may = true;
    let read = (): void => {};
    const stored = memoryLog();
    const log = new Proxy(stored, {
      get(target, name: keyof typeof stored) {
        if (name !== "read") return typeof target[name] === "function" ? target[name].bind(target) : target[name];
        return async (...asked: Parameters<typeof stored.read>) => {
          await new Promise<void>((resolve) => (read = resolve));
          return target.read(...asked);
        };
      },
    });
    const limits = { minUnconfirmedBytes: 1_000, maxUnconfirmedBytes: 1_000 };
    const { client, node } = await startNode({ log, limits, authorize: ({ name }) => name !== "chat" || may });
    await node.publish("chat", payloadOf("secret"));
    const ann = await client().connect();
    await ann.ask(subscribe("flood"));
    ann.send(history({ id: 2 }));
    expect(await ann.frames()).toEqual([]);
    ann.transport.confirms = false;
    await node.publish("flood", payloadOf("x".repeat(2_000)));
    await ann.frames();
    // The page is read, and has to wait: too much is unconfirmed.
    read();
    expect(await ann.frames()).toEqual([]);
    may = false;
    await node.refresh("ann");
    ann.transport.confirms = true;
    ann.transport.confirmAll();
    expect(await ann.frames()).toMatchObject([{ type: "error", id: 2, code: "forbidden" }]);
  });
});
