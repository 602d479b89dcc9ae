import { abnormalClosure, jsonCodec, protobufCodec } from "@hawser/protocol";
import type { Transport as ClientTransport, TransportHandlers as ClientHandlers } from "@hawser/client";
import type { Transport as ServerTransport } from "@hawser/server/core";
import type { RandomStream } from "../random/random-stream.ts";
import type { Process } from "../time/process.ts";
import type { SimulatedTime } from "../time/simulated-time.ts";
import type { Trace } from "../trace/trace.ts";
import { messagesOf, simulatedFraming } from "./framing.ts";
import { OneWay } from "./one-way.ts";
import type { Path } from "./one-way.ts";
import type { WireTap } from "./wire-tap.ts";

/** `up`: from the client to the node; `down`: from the node to the client. */
export type Way = "up" | "down";
export type Side = "client" | "node";

type Item =
  | { readonly kind: "message"; readonly message: Uint8Array }
  | { readonly kind: "mark"; readonly id: number }
  | { readonly kind: "confirmed"; readonly id: number }
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

type SideState = "open" | "closing" | "closed";

export interface SimulatedConnectionOptions {
  readonly id: number;
  readonly time: SimulatedTime;
  readonly random: RandomStream;
  readonly trace: Trace;
  readonly tap: WireTap;
  readonly client: Process;
  readonly node: Process;
  readonly subprotocol: string;
  readonly up: Path;
  readonly down: Path;
  readonly clientHandlers: ClientHandlers;
  readonly onGone: (connection: SimulatedConnection) => void;
}

/** The bytes of a ping, a pong or a close frame, about. */
const controlBytes = 10;
/** How long a side waits for the answer to its closing handshake. */
const closeTimeoutMs = 2_000;
const rememberedMessages = 8;
/** In which clients inflate what nodes compress, if those do; 0: not at all. */
const windows = [32_768, 0, 512] as const;

/** One connection between a client's connector and a node's transport, message by message. */
export class SimulatedConnection {
  readonly id: number;
  readonly client: Process;
  readonly node: Process;
  readonly subprotocol: string;
  readonly clientTransport: ClientTransport;
  readonly nodeTransport: ServerTransport;
  readonly #options: SimulatedConnectionOptions;
  readonly #up: OneWay<Item>;
  readonly #down: OneWay<Item>;
  #clientState: SideState = "open";
  #nodeState: SideState = "open";
  #paused = false;
  #held: Item[] = [];
  #sentDown = 0;
  #confirmedDown = 0;
  readonly #marks = new Map<number, number>();
  #repeats = 0;
  #batchesToLose = 0;
  /** What was sent to the client lately, of which something may come again. */
  readonly #lately: Uint8Array[] = [];

  constructor(options: SimulatedConnectionOptions) {
    this.id = options.id;
    this.client = options.client;
    this.node = options.node;
    this.subprotocol = options.subprotocol;
    this.#options = options;
    this.#up = new OneWay(options.time, options.random, options.up, (item) =>
      options.node.run(() => this.#arriveUp(item)),
    );
    this.#down = new OneWay(options.time, options.random, options.down, (item) =>
      options.client.run(() => this.#arriveDown(item)),
    );
    this.clientTransport = this.#makeClientTransport();
    this.nodeTransport = this.#makeNodeTransport();
  }

  /** Whether anything can still arrive on it. */
  get open(): boolean {
    return this.#clientState === "open" && this.#nodeState === "open";
  }

  /** Whether the node has not heard that it ended: it may take it. */
  get acceptable(): boolean {
    return this.#nodeState === "open";
  }

  /** Bytes that the node has written and that no mark has confirmed. */
  get unconfirmedBytes(): number {
    return this.#sentDown - this.#confirmedDown;
  }

  /** The connection breaks: what is under way is lost, and each side hears of it after a time of its own (never, when `undefined`). */
  cut(clientHearsMs: number | undefined, nodeHearsMs: number | undefined): void {
    this.#up.cut();
    this.#down.cut();
    this.#tell("client", clientHearsMs);
    this.#tell("node", nodeHearsMs);
  }

  /** It breaks when so many more messages have arrived that way. */
  cutAfter(way: Way, messages: number, clientHearsMs: number, nodeHearsMs: number): void {
    this.#way(way).limit(messages, () => this.cut(clientHearsMs, nodeHearsMs));
  }

  /** Nothing arrives that way for a while. */
  stall(way: Way, forMs: number): void {
    this.#way(way).stall(forMs);
  }

  /** Of the next messages to the client those that hold nothing but batches are lost. */
  loseBatches(count: number): void {
    this.#batchesToLose = count;
  }

  /** How many messages of batches came again. */
  get repeats(): number {
    return this.#repeats;
  }

  /** A message of batches that the client was sent comes again. False when there was none. */
  repeatBatch(): boolean {
    const message = this.#lately.findLast((sent) => this.#isOfBatches(sent));
    if (message === undefined || !this.open) return false;
    this.#repeats += 1;
    this.#down.insert({ kind: "message", message }, message.length);
    return true;
  }

  /** The path is another one from now on. */
  change(up: Path, down: Path): void {
    this.#up.change(up);
    this.#down.change(down);
  }

  /** Stalls end, and nothing more is lost. */
  release(): void {
    this.#batchesToLose = 0;
    this.#up.release();
    this.#down.release();
  }

  /** The handshake is through: the client may speak. */
  opened(): void {
    this.#options.client.run(() => {
      if (this.#clientState === "open") this.#options.clientHandlers.onOpen(this.subprotocol);
    });
  }

  #way(way: Way): OneWay<Item> {
    return way === "up" ? this.#up : this.#down;
  }

  #tell(side: Side, afterMs: number | undefined): void {
    if (afterMs === undefined) return;
    this.#options.time.after(afterMs, () => this.#ended(side, abnormalClosure, ""));
  }

  #ended(side: Side, code: number, reason: string): void {
    const { client, node, clientHandlers, onGone, trace } = this.#options;
    const state = side === "client" ? this.#clientState : this.#nodeState;
    if (state === "closed") return;
    if (side === "client") this.#clientState = "closed";
    else this.#nodeState = "closed";
    trace.note(`connection ${this.id}: the ${side} hears that it closed with ${code}`);
    if (side === "client") client.run(() => clientHandlers.onClose(code, reason));
    else node.run(() => this.nodeTransport.handlers?.onClose(code, reason));
    if (this.#clientState === "closed" && this.#nodeState === "closed") onGone(this);
  }

  #makeClientTransport(): ClientTransport {
    const up = this.#up;
    return {
      send: (message) => {
        if (this.#clientState !== "open") return;
        for (const sent of this.#options.tap.sent(this, "up", message)) this.#send("up", sent);
      },
      get bufferedBytes() {
        return up.unsentBytes;
      },
      close: (code, reason) => this.#close("client", code, reason),
    };
  }

  #makeNodeTransport(): ServerTransport {
    // By the connection's number, so that nothing is drawn for it.
    const windowBytes = windows[this.id % windows.length]!;
    return {
      framing: simulatedFraming,
      windowBytes,
      handlers: undefined,
      write: (pieces) => {
        if (this.#nodeState !== "open" || !this.node.alive) return;
        for (const { message, bytes } of messagesOf(pieces, windowBytes)) {
          for (const sent of this.#options.tap.sent(this, "down", message))
            this.#send("down", sent, sent === message ? bytes : sent.length);
        }
        this.#options.tap.wrote(this);
      },
      mark: (id) => {
        if (this.#nodeState !== "open") return;
        this.#marks.set(id, this.#sentDown);
        this.#down.send({ kind: "mark", id }, controlBytes, false);
      },
      pause: () => {
        this.#paused = true;
      },
      resume: () => this.#resume(),
      close: (code, reason) => this.#close("node", code, reason),
      terminate: () => {
        if (this.#nodeState === "closed") return;
        this.#options.time.soon(() => this.#ended("node", abnormalClosure, ""));
        // The other side hears of it as of any cut: behind what is under way.
        this.#down.send({ kind: "close", code: abnormalClosure, reason: "" }, controlBytes, false);
        this.#up.cut();
      },
    };
  }

  #send(way: Way, message: Uint8Array, bytes = message.length): void {
    if (way === "down") this.#sentDown += bytes;
    if (way === "down") {
      if (this.#batchesToLose > 0 && this.#isOfBatches(message)) {
        this.#batchesToLose -= 1;
        return;
      }
      this.#lately.push(message);
      if (this.#lately.length > rememberedMessages) this.#lately.shift();
    }
    this.#way(way).send({ kind: "message", message }, bytes, true);
  }

  #isOfBatches(message: Uint8Array): boolean {
    const codec = this.subprotocol === "hawser.v1" ? protobufCodec : jsonCodec;
    return codec.decodeServer(message).every((frame) => frame.type === "batch" && frame.messages.length > 0);
  }

  #close(side: Side, code: number, reason: string): void {
    const state = side === "client" ? this.#clientState : this.#nodeState;
    if (state !== "open") return;
    if (side === "client") this.#clientState = "closing";
    else this.#nodeState = "closing";
    this.#held = side === "node" ? [] : this.#held;
    this.#way(side === "client" ? "up" : "down").send({ kind: "close", code, reason }, controlBytes, false);
    this.#options.time.after(closeTimeoutMs, () => this.#ended(side, code, reason));
  }

  #arriveUp(item: Item): void {
    if (this.#nodeState === "closed") return;
    if (this.#paused && item.kind === "message") this.#held.push(item);
    else this.#handleUp(item);
  }

  #handleUp(item: Item): void {
    const { handlers } = this.nodeTransport;
    switch (item.kind) {
      case "message":
        if (this.#nodeState !== "open") return;
        this.#options.tap.arrived(this, "up", item.message);
        handlers?.onMessage(item.message, this.subprotocol === "hawser.v1");
        return;
      case "confirmed":
        this.#confirmedDown = Math.max(this.#confirmedDown, this.#marks.get(item.id) ?? 0);
        this.#marks.delete(item.id);
        if (this.#nodeState === "open") handlers?.onConfirmed(item.id);
        return;
      case "close":
        if (this.#nodeState === "open") this.#down.send(item, controlBytes, false);
        this.#ended("node", item.code, item.reason);
        return;
      case "mark":
        return;
    }
  }

  #arriveDown(item: Item): void {
    if (this.#clientState === "closed") return;
    switch (item.kind) {
      case "message":
        if (this.#clientState !== "open") return;
        this.#options.tap.arrived(this, "down", item.message);
        this.#options.clientHandlers.onMessage(item.message);
        return;
      case "mark":
        // What a browser does by itself: a pong for a ping.
        this.#up.send({ kind: "confirmed", id: item.id }, controlBytes, false);
        return;
      case "close":
        if (this.#clientState === "open" && item.code !== abnormalClosure) this.#up.send(item, controlBytes, false);
        this.#ended("client", item.code, item.reason);
        return;
      case "confirmed":
        return;
    }
  }

  #resume(): void {
    this.#paused = false;
    while (!this.#paused && this.#held.length > 0) this.#handleUp(this.#held.shift()!);
  }
}
