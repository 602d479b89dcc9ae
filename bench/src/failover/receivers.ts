// All receivers, in one process: what disturbs it, or the machine, disturbs all alike.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createClient, webSocketConnector } from "@hawser/client";
import { WebSocket } from "ws";
import { answer } from "../processes/child.ts";
import { OrderCheck } from "../rolling/order-check.ts";
import type { ReceiverPlan, ReceiverResult, ReceiversCommand, ReceiversReply } from "./messages.ts";
import { PauseMeter } from "./pause-meter.ts";
import { SocketIoReceiver } from "./socket-io-receiver.ts";

/** Connections are reset every second: none stands long enough to be taken for proven, so that delays would grow. */
const backoff = { minMs: 50, maxMs: 200 };
/** For what is on its way when the publishers have stopped. */
const finishTimeoutMs = 15_000;

class Receiver {
  readonly check = new OrderCheck();
  readonly pauses = new PauseMeter();
  connects = 0;
  told = 0;
  /** Resolves when it is subscribed. */
  readonly opened: Promise<void>;
  readonly close: () => void;
  #until: { readonly count: number; readonly resolve: () => void } | undefined;

  constructor(plan: ReceiverPlan) {
    let opened = (): void => {};
    this.opened = new Promise((resolve) => (opened = resolve));
    this.close = plan.by === "socket.io" ? this.#bySocketIo(plan, opened) : this.#byHawser(plan, plan.by, opened);
  }

  /** Resolves with the result when so many messages came, or in the end without them. */
  async finish(published: number): Promise<ReceiverResult> {
    const all = new Promise<void>((resolve) => (this.#until = { count: published, resolve }));
    if (this.check.received < published) {
      await Promise.race([all, new Promise((resolve) => setTimeout(resolve, finishTimeoutMs))]);
    }
    this.close();
    const { check, connects, told } = this;
    return { received: check.received, faults: check.faults(new Map([[0, published]])), connects, told };
  }

  #receive(text: string): void {
    this.pauses.receive(performance.now());
    this.check.receive(0, Number.parseInt(text, 10));
    if (this.check.received === this.#until?.count) this.#until.resolve();
  }

  #bySocketIo({ ports }: ReceiverPlan, opened: () => void): () => void {
    const receiver = new SocketIoReceiver(ports[0]!, {
      onMessage: (text) => this.#receive(text),
      onConnected: () => {
        this.connects += 1;
        opened();
      },
      onForgotten: () => {
        this.told += 1;
      },
    });
    return () => receiver.close();
  }

  #byHawser({ ports, name }: ReceiverPlan, placement: "mirrored" | "any", opened: () => void): () => void {
    const client = createClient({
      url: ports.map((port) => `ws://127.0.0.1:${port}/hawser`),
      connections: ports.length,
      token: name.replaceAll(" ", "-"),
      connector: webSocketConnector({ WebSocket }),
      backoff,
    });
    const subscription = client.channel("bench").subscribe({ placement, from: "earliest" });
    const tell = (): void => {
      this.told += 1;
    };
    subscription.addEventListener("lost", tell);
    subscription.addEventListener("reset", tell);
    subscription.addEventListener("message", ({ message }) => this.#receive(message.data as string));
    const look = (): void => {
      this.connects = client.statistics.connects;
      const standing = client.status.connections.filter(({ state }) => state === "connected");
      if (standing.length === ports.length) opened();
    };
    client.addEventListener("status", look);
    return () => void client.close();
  }
}

const eventLoop = monitorEventLoopDelay({ resolution: 1 });
eventLoop.enable();

const receivers = new Map<string, Receiver>();

answer<ReceiversCommand, ReceiversReply>(async (command) => {
  if (command.type === "open") {
    for (const plan of command.receivers) receivers.set(plan.name, new Receiver(plan));
    await Promise.all([...receivers.values()].map((receiver) => receiver.opened));
    return { type: "opened" };
  }
  if (command.type === "lap") {
    const now = performance.now();
    const laps = [...receivers].map(([name, { pauses }]) => [name, pauses.lap(now)] as const);
    const stillMs = Math.round(eventLoop.max / 1e6);
    eventLoop.reset();
    return { type: "lap", pausesMs: Object.fromEntries(laps), stillMs };
  }
  const results = await Promise.all(
    [...receivers].map(
      async ([name, receiver]) => [name, await receiver.finish(command.published[name] ?? 0)] as const,
    ),
  );
  return { type: "finished", results: Object.fromEntries(results) };
});
