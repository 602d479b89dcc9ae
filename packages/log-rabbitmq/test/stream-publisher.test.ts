import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import type { BrokerPorts, LogRecord } from "@hawser/log/broker";
import { encodeText, systemPorts } from "@hawser/protocol";
import type { PacedConnection } from "../src/paced-connection.ts";
import { StreamPublisher } from "../src/stream-publisher.ts";

type Confirm = (error: Error | null) => void;

/** A channel of a broker that confirms only when it is told to; when it is closed, what waits on it fails. */
class FakeChannel extends EventEmitter {
  readonly unconfirmed: Confirm[] = [];
  isClosed = false;

  publish(_exchange: string, _key: string, _content: Buffer, _properties: object, confirm: Confirm): void {
    this.unconfirmed.push(confirm);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const confirm of this.unconfirmed.splice(0)) confirm(new Error("channel closed"));
    this.emit("close");
  }
}

const record: LogRecord = {
  kind: "append",
  id: "1",
  channel: "a",
  producer: "",
  sequence: 0,
  previous: 0,
  epoch: 1,
  deduplicateMs: 0,
  payload: { kind: "text", data: encodeText("x") },
  key: "",
  publisher: "",
};

it("gives up a channel on which the broker does not confirm in time, and sends on another one", async () => {
  const channels: FakeChannel[] = [];
  const createConfirmChannel = async () => channels[channels.push(new FakeChannel()) - 1];
  const model = Object.assign(new EventEmitter(), { createConfirmChannel });
  const connection = { model: async () => model } as unknown as PacedConnection;
  const timers: { readonly ms: number; run: (() => void) | undefined }[] = [];
  const after = (ms: number, run: () => void) => {
    const timer: (typeof timers)[number] = { ms, run };
    timers.push(timer);
    return { cancel: () => void (timer.run = undefined) };
  };
  const ports = { ...systemPorts(), timers: { after } } as unknown as BrokerPorts;
  const limits = {
    maxUnconfirmed: 10,
    maxUnconfirmedBytes: 1_000,
    confirmTimeoutMs: 5_000,
    recordsPerMessage: 1,
    minBackoffMs: 0,
    maxBackoffMs: 0,
  };
  const publisher = new StreamPublisher(connection, ports, limits);
  await publisher.open();

  const confirmed = publisher.produce("s", [record]);
  channels[0]!.unconfirmed[0]!(null);
  await confirmed;
  expect(timers.map(({ ms, run }) => [ms, run])).toEqual([[5_000, undefined]]);

  const forgotten = publisher.produce("s", [record]);
  timers[1]!.run!();
  await expect(forgotten).rejects.toMatchObject({ code: "log-unavailable" });
  expect(channels[0]!.isClosed).toBe(true);
  await expect(publisher.produce("s", [record])).rejects.toThrow("not sent");
  await publisher.open();
  const again = publisher.produce("s", [record]);
  channels.at(-1)!.unconfirmed[0]!(null);
  await again;
});
