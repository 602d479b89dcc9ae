import { describe, expect, it, onTestFinished } from "vitest";
import { textOfHeader } from "@hawser/log-nats";
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { Consumer } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { follow, openNatsLog, plain, until } from "./nats-log.ts";
import { startNats, withoutNats } from "./nats-server.ts";

describe.skipIf(withoutNats)("workers on a channel", () => {
  it("share its messages through a durable consumer, have them again unless they acknowledge, and answer into a channel", async () => {
    const nats = await startNats();
    onTestFinished(() => nats.remove());
    const bare = await connect({ port: nats.port });
    onTestFinished(() => bare.close());
    const manager = await jetstreamManager(bare);
    await manager.streams.add({ name: "answers", subjects: ["done.*"] });
    const bindings = [{ pattern: "done.{user}", stream: "answers", subject: "done.{user}" }];
    const log = await openNatsLog(nats.port, { stream: "chat", bindings });
    const done = await follow(log, "done.ann b");
    await manager.consumers.add("chat_0", {
      durable_name: "resize",
      ack_policy: AckPolicy.Explicit,
      filter_subject: "chat.0.jobs.*",
    });
    await log.append([plain("chat", "not for them", "bob")]);
    await log.append(["a", "b", "c", "d"].map((text) => plain("jobs.1", text, "ann b")));

    const workers = await Promise.all([1, 2].map(() => jetstream(bare).consumers.get("chat_0", "resize")));
    const work = async (worker: Consumer, isCareless: boolean): Promise<void> => {
      const message = await worker.next({ expires: 10_000 });
      if (isCareless) return message!.nak();
      expect(message!.headers!.get("hawser-kind")).toBe("append");
      const user = textOfHeader(message!.headers!.get("hawser-user"))!;
      await jetstream(bare).publish(`done.${encodeURIComponent(user)}`, message!.string().toUpperCase());
      await message!.ackAck();
    };
    await work(workers[0]!, true);
    for (let turn = 0; turn < 4; turn += 1) await work(workers[turn % 2]!, false);
    await until(() => done.texts.length === 4);
    expect(done.texts.toSorted()).toEqual(["A", "B", "C", "D"]);
    expect(await workers[0]!.info()).toMatchObject({ num_pending: 0, num_ack_pending: 0 });
  });
});
