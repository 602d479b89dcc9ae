import { describe, expect, it } from "vitest";
import type { PageFrame } from "@hawser/protocol";
import { readHistory } from "../../src/history/history.ts";
import { message } from "../fake-server.ts";
import { connected, failureOf } from "../fixture.ts";

const page = (id: number, rest: Partial<PageFrame> = {}): PageFrame => {
  return {
    type: "page",
    id,
    epoch: 3,
    floor: 1,
    from: 4,
    to: 6,
    messages: [message(5), message(6)],
    more: true,
    ...rest,
  };
};

describe("history", () => {
  it("asks for the newest messages, those up to a position, or those behind one", async () => {
    const { client, server, ports } = await connected();
    const channel = client.channel("chat");
    for (const options of [{}, { before: { epoch: 3, offset: 9 }, limit: 20 }, { after: { epoch: 0, offset: 0 } }]) {
      void readHistory(channel, options).catch(() => {});
    }
    await ports.advance(1);
    expect(server.peer.of("history").map(({ position, backward, limit }) => ({ position, backward, limit }))).toEqual([
      { position: undefined, backward: true, limit: 0 },
      { position: { epoch: 3, offset: 9 }, backward: true, limit: 20 },
      { position: { epoch: 0, offset: 0 }, backward: false, limit: 0 },
    ]);
  });

  it("resolves with the page, its messages as a subscription has them, without those that cannot be carried [HIS-1] [HIS-2]", async () => {
    const { client, server, ports } = await connected();
    const asked = readHistory(client.channel("chat"));
    await ports.advance(1);
    const messages = [message(5, "five", { publisher: "bob" }), message(6, null, { payload: undefined })];
    server.peer.send(page(server.peer.last("history").id, { messages }));
    await ports.advance(1);
    await expect(asked).resolves.toEqual({
      epoch: 3,
      floor: 1,
      from: 4,
      to: 6,
      more: true,
      messages: [
        { data: "five", channel: "chat", position: { epoch: 3, offset: 5 }, time: 0, publisher: "bob", key: "" },
      ],
    });
  });

  it("is asked again over the next connection", async () => {
    const { client, server, ports } = await connected();
    const asked = readHistory(client.channel("chat"));
    await ports.advance(1);
    server.peer.cut();
    await ports.advance(1_000);
    server.peer.send(page(server.peer.last("history").id));
    await ports.advance(1);
    await expect(asked).resolves.toMatchObject({ to: 6 });
  });

  it("is told that a position belongs to a log that is no more [HIS-3]", async () => {
    const { client, server, ports } = await connected();
    const outcome = failureOf(readHistory(client.channel("chat")));
    await ports.advance(1);
    const { id } = server.peer.last("history");
    server.peer.send({ type: "error", id, code: "epoch-unknown", message: "", retry: false, retryAfterMs: 0 });
    await ports.advance(1);
    expect(await outcome).toMatchObject({ code: "epoch-unknown" });
  });

  it("asks for no more messages than its frame can say [HIS-4]", async () => {
    const { client, server, ports } = await connected();
    void readHistory(client.channel("chat"), { limit: Number.MAX_SAFE_INTEGER }).catch(() => {});
    await ports.advance(1);
    expect(server.peer.last("history").limit).toBe(2 ** 32 - 1);
  });

  it("refuses options that make no sense", async () => {
    const { client } = await connected();
    const position = { epoch: 1, offset: 1 };
    for (const options of [
      { before: position, after: position },
      { limit: -1 },
      { limit: 0.5 },
      { after: { epoch: 1, offset: NaN } },
    ]) {
      await expect(readHistory(client.channel("chat"), options)).rejects.toMatchObject({ code: "option-invalid" });
    }
  });
});
