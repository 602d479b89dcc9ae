// The process of the one client that is behind: it reads from the beginning, again and again, until it is told to stop.
import { performance } from "node:perf_hooks";
import { protobufCodec } from "@hawser/protocol";
import type { ClientFrame, Position, SubscribedFrame } from "@hawser/protocol";
import { RawConnection } from "../load/raw-connection.ts";
import { answer } from "../processes/child.ts";
import { BatchCounter } from "./batch-counter.ts";
import { channel } from "./scene.ts";

export type ReaderCommand = {
  readonly port: number;
  /** It begins anew as long as so much time has not passed. */
  readonly durationMs: number;
};

export interface ReaderReply {
  readonly messagesPerSecond: number;
  readonly messages: number;
  /** Processor time of this process by wall time; 1 is a whole core. */
  readonly readerCpu: number;
}

answer<ReaderCommand, ReaderReply>(async ({ port, durationMs }) => {
  const { epoch, offset: end } = await new Subscription(port, undefined).subscribed();
  const cpu = process.cpuUsage();
  const started = performance.now();
  let messages = 0;
  while (performance.now() - started < durationMs) {
    messages += await new Subscription(port, { epoch, offset: 0 }).readTo(end);
  }
  const elapsedMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  return { messages, messagesPerSecond: (messages * 1000) / elapsedMs, readerCpu: (user + system) / 1000 / elapsedMs };
});

/** One subscription, without a limit of credit, on a connection of its own. */
class Subscription {
  readonly #counter = new BatchCounter();
  readonly #connection: RawConnection;
  readonly #subscribed: Promise<SubscribedFrame>;
  #end = Number.POSITIVE_INFINITY;
  #onEnd: () => void = () => {};

  constructor(port: number, position: Position | undefined) {
    let onSubscribed: (frame: SubscribedFrame) => void = () => {};
    this.#subscribed = new Promise((resolve) => (onSubscribed = resolve));
    this.#connection = new RawConnection({
      port,
      path: "/hawser",
      subprotocol: protobufCodec.subprotocol,
      twins: undefined,
      onData: (bytes, start, end) => {
        if (this.#counter.read(bytes, start, end)) {
          if (this.#counter.offset >= this.#end) this.#onEnd();
          return;
        }
        for (const frame of protobufCodec.decodeServer(Uint8Array.prototype.slice.call(bytes, start, end))) {
          if (frame.type === "subscribed") {
            this.#counter.begin(frame.offset);
            onSubscribed(frame);
          } else if (frame.type !== "connected") throw new Error(`unexpected ${frame.type}`);
        }
      },
      onRead: () => {},
      onFailure: (error) => {
        throw error;
      },
    });
    void this.#start(position);
  }

  async subscribed(): Promise<SubscribedFrame> {
    const frame = await this.#subscribed;
    this.#connection.close();
    return frame;
  }

  /** How many messages there were. */
  async readTo(end: number): Promise<number> {
    this.#end = end;
    await new Promise<void>((resolve) => (this.#onEnd = resolve));
    this.#connection.close();
    return this.#counter.messages;
  }

  async #start(position: Position | undefined): Promise<void> {
    await this.#connection.opened();
    const frames: ClientFrame[] = [
      { type: "connect", token: "", session: "", agent: "hawser-bench" },
      { type: "subscribe", id: 1, channel, generation: 1, position, last: 0, credit: 0, grant: new Uint8Array() },
    ];
    this.#connection.send("binary", Buffer.concat(frames.map((frame) => protobufCodec.encode(frame))));
  }
}
