import { constants, inflateRawSync } from "node:zlib";
import { memoryLog } from "@hawser/log";
import type { Log } from "@hawser/log";
import { HawserError, jsonCodec, payloadOf, protobufCodec, valueOf } from "@hawser/protocol";
import type { BatchFrame, ClientFrame, Codec, ServerFrame, SubscribeFrame } from "@hawser/protocol";
import { defaultLimits, HawserNode, silentLogger, silentObserver } from "../../src/core.ts";
import type {
  ChannelPolicy,
  Framing,
  Identity,
  NodeOptions,
  Peer,
  Transport,
  TransportHandlers,
} from "../../src/core.ts";
import { SimulatedPorts } from "./simulated-ports.ts";

/** Messages that were compressed, which nothing in their bytes says. */
const deflated = new WeakSet<Uint8Array>();

const identityFraming: Framing = {
  name: "bare",
  headroomBytes: 0,
  frame: (message) => message,
  frameDeflated: (message) => {
    deflated.add(message);
    return message;
  },
};

/** What a peer makes of a compressed message (RFC 7692, section 7.2.2). */
const inflate = (message: Uint8Array): Uint8Array =>
  inflateRawSync(Buffer.concat([message, Uint8Array.of(0, 0, 0xff, 0xff)]), { finishFlush: constants.Z_SYNC_FLUSH });

/** A transport whose other end is the test: it keeps what was written, and confirms at once unless told not to. */
class TestTransport implements Transport {
  readonly framing = identityFraming;
  readonly windowBytes: number;
  handlers: TransportHandlers | undefined;
  readonly messages: Uint8Array[] = [];
  readonly marks: number[] = [];
  confirms = true;
  paused = false;
  closed: { code: number; reason: string } | undefined;
  terminated = false;
  /** Writes, to see what went out in one piece. */
  writes = 0;
  /** The pieces of those messages that came compressed. */
  readonly deflated: Uint8Array[] = [];

  constructor(windowBytes: number) {
    this.windowBytes = windowBytes;
  }

  write(pieces: readonly Uint8Array[]): void {
    if (this.closed !== undefined) throw new Error("written after close");
    this.writes += 1;
    this.deflated.push(...pieces.filter((piece) => deflated.has(piece)));
    this.messages.push(...pieces.map((piece) => (deflated.has(piece) ? inflate(piece) : piece)));
  }

  mark(id: number): void {
    if (this.confirms) this.handlers?.onConfirmed(id);
    else this.marks.push(id);
  }

  confirmAll(): void {
    for (const id of this.marks.splice(0)) this.handlers?.onConfirmed(id);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(code: number, reason: string): void {
    this.closed = { code, reason };
  }

  terminate(): void {
    this.terminated = true;
  }
}

/** Answers that came in one frame (PUB-15), each by itself. */
function oneByOne(frame: ServerFrame): ServerFrame[] {
  if (frame.type !== "published") return [frame];
  const { id, position, following } = frame;
  return Array.from({ length: following + 1 }, (_, step) => ({
    ...frame,
    id: id + step,
    position: position && { ...position, offset: position.offset + step },
    following: 0,
  }));
}

/** A client that the test plays frame by frame. */
export class TestClient {
  readonly transport: TestTransport;
  readonly #codec: Codec;
  readonly #ports: SimulatedPorts;
  #read = 0;

  /** @param windowBytes - In which it inflates what comes compressed; 0: it takes nothing compressed. */
  constructor(
    node: HawserNode,
    ports: SimulatedPorts,
    codec: Codec = protobufCodec,
    peer: Partial<Peer> = {},
    windowBytes = 0,
  ) {
    this.transport = new TestTransport(windowBytes);
    this.#codec = codec;
    this.#ports = ports;
    node.accept(this.transport, { address: "192.0.2.1", subprotocol: codec.subprotocol, headers: {}, ...peer });
  }

  send(...frames: ClientFrame[]): void {
    const parts = frames.map((frame) => this.#codec.encode(frame));
    const message = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
    let at = 0;
    for (const part of parts) {
      message.set(part, at);
      at += part.byteLength;
    }
    this.transport.handlers?.onMessage(message, this.#codec.binary);
  }

  raw(message: Uint8Array, binary = true): void {
    this.transport.handlers?.onMessage(message, binary);
  }

  /** What came since the last call, once everything has settled. */
  async frames(): Promise<ServerFrame[]> {
    await this.#ports.settle();
    const frames = this.transport.messages.slice(this.#read).flatMap((message) => this.#codec.decodeServer(message));
    this.#read = this.transport.messages.length;
    return frames.flatMap(oneByOne);
  }

  /** Sends a frame and gives what came back. */
  async ask(...frames: ClientFrame[]): Promise<ServerFrame[]> {
    this.send(...frames);
    return this.frames();
  }

  async connect(token = "ann", session = ""): Promise<this> {
    const [connected] = await this.ask({ type: "connect", token, session, agent: "test" });
    if (connected?.type !== "connected") throw new Error(`not connected: ${JSON.stringify(connected)}`);
    return this;
  }
}

export const subscribe = (channel: string, more: Partial<SubscribeFrame> = {}): SubscribeFrame => ({
  type: "subscribe",
  id: 1,
  channel,
  generation: 1,
  position: undefined,
  last: 0,
  credit: 0,
  grant: new Uint8Array(),
  ...more,
});

export const publish = (id: number, channel: string, value: unknown): ClientFrame => ({
  type: "publish",
  id,
  channel,
  producer: new Uint8Array(),
  sequence: 0,
  previous: 0,
  payload: payloadOf(value),
  key: "",
});

/** The values in the batches among some frames. */
export function valuesOf(frames: readonly ServerFrame[]): unknown[] {
  return frames
    .filter((frame): frame is BatchFrame => frame.type === "batch")
    .flatMap((batch) => batch.messages.map((message) => message.payload && valueOf(message.payload)));
}

const testPolicy: ChannelPolicy = {
  durability: "memory",
  retainCount: 1_000,
  retainBytes: 1_048_576,
  retainAgeMs: 3_600_000,
  deduplicateMs: 3_600_000,
  maxPayloadBytes: 262_144,
  publishesPerSecond: 0,
  clientsPublish: true,
};

export interface TestNodeOptions extends Partial<Omit<NodeOptions, "limits" | "policyOf">> {
  readonly limits?: Partial<NodeOptions["limits"]>;
  readonly policy?: Partial<ChannelPolicy>;
  /** Of some channels, beside `policy`. */
  readonly policies?: Readonly<Record<string, Partial<ChannelPolicy>>>;
  /** Of another node whose time and log this one shares. */
  readonly ports?: SimulatedPorts;
  readonly identities?: Readonly<Record<string, Partial<Identity>>>;
}

/** A node over a memory log on simulated ports. The token is the user's name; "bad" and "" are refused. */
export async function startNode(options: TestNodeOptions = {}): Promise<{
  node: HawserNode;
  ports: SimulatedPorts;
  log: Log;
  client: (codec?: Codec, peer?: Partial<Peer>, windowBytes?: number) => TestClient;
}> {
  const ports = options.ports ?? new SimulatedPorts();
  const log = options.log ?? memoryLog();
  const policy = { ...testPolicy, ...options.policy };
  const node = new HawserNode({
    name: "node-1",
    log,
    clock: ports,
    timers: ports,
    random: ports,
    authenticate: ({ token }) => {
      if (token === "" || token === "bad") throw new HawserError("token-invalid", "The token was refused.");
      return { user: token, ...options.identities?.[token] };
    },
    authorize: undefined,
    calls: {},
    contract: undefined,
    signer: {
      sign: (data) => testSignature(data),
      verify: (data, signature) => Buffer.compare(testSignature(data), signature) === 0,
    },
    logger: silentLogger,
    observer: silentObserver,
    ...options,
    policyOf: (channel) => (options.policies?.[channel] ? { ...policy, ...options.policies[channel] } : policy),
    limits: { ...defaultLimits, ...options.limits },
  });
  await node.start();
  return { node, ports, log, client: (...more) => new TestClient(node, ports, ...more) };
}

/** Stands in for an HMAC: tells any two inputs of a test apart. */
function testSignature(data: Uint8Array): Uint8Array {
  const signature = new Uint8Array(32);
  for (const [index, byte] of data.entries())
    signature[index % 32] = (signature[index % 32]! * 31 + byte + index) & 255;
  return signature;
}

export { jsonCodec };
