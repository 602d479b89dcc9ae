import { protobufCodec } from "@hawser/protocol";
import type {
  BatchFrame,
  ClientFrame,
  Codec,
  ConnectedFrame,
  Message,
  Ports,
  PublishFrame,
  ServerFrame,
  SubscribedFrame,
  SubscribeFrame,
} from "@hawser/protocol";
import type { Connector, Transport, TransportHandlers } from "../src/transport/transport.ts";

/** What the fake server answers to `connect`, unless a test says otherwise. */
export const welcome: ConnectedFrame = {
  type: "connected",
  session: "",
  node: "node-1",
  user: "ann",
  expiresInMs: 0,
  heartbeatMs: 25_000,
  maxMessageBytes: 1_048_576,
  maxSubscriptions: 1_000,
  maxRequests: 256,
  deduplicateMs: 3_600_000,
  time: 0,
};

/**
 * The other end of every connection that a client makes. It accepts and welcomes by itself; everything else is
 * scripted: by what a test sends on a peer, or by `answer`. Bytes go through the real codec.
 */
export class FakeServer implements Connector {
  readonly name = "fake";
  readonly peers: FakePeer[] = [];
  readonly codec: Codec;
  /** Whether the transport opens by itself. */
  opens = true;
  welcome: ConnectedFrame | undefined = welcome;
  /** Which node is behind a URL, where it is not that of `welcome`. */
  readonly nodes = new Map<string, string>();
  /** Called for every frame but `connect`, in order. */
  answer: (frame: ClientFrame, peer: FakePeer) => void = () => {};
  readonly #ports: Ports;

  constructor(ports: Ports, codec: Codec = protobufCodec) {
    this.#ports = ports;
    this.codec = codec;
  }

  /** The newest connection. */
  get peer(): FakePeer {
    const peer = this.peers.at(-1);
    if (peer === undefined) throw new Error("no connection was made");
    return peer;
  }

  connect(url: string, subprotocol: string, handlers: TransportHandlers): Transport {
    const peer = new FakePeer(this, this.#ports, url, handlers);
    this.peers.push(peer);
    if (this.opens) this.#ports.timers.soon(() => peer.open(subprotocol));
    return peer.transport;
  }
}

/** The server's end of one connection. */
export class FakePeer {
  readonly url: string;
  /** Every frame that came, in order. */
  readonly received: ClientFrame[] = [];
  /** How many frames each message had. */
  readonly messages: number[] = [];
  readonly transport: Transport;
  /** How the client closed it. */
  closed: { readonly code: number; readonly reason: string } | undefined;
  /** While false, what either side sends vanishes: a half-open connection. */
  alive = true;
  readonly #server: FakeServer;
  readonly #ports: Ports;
  readonly #handlers: TransportHandlers;
  #ended = false;

  constructor(server: FakeServer, ports: Ports, url: string, handlers: TransportHandlers) {
    this.url = url;
    this.#server = server;
    this.#ports = ports;
    this.#handlers = handlers;
    this.transport = {
      bufferedBytes: 0,
      send: (message) => ports.timers.soon(() => this.#onMessage(message)),
      close: (code, reason) => {
        this.closed = { code, reason };
      },
    };
  }

  /** The frames of one type that came. */
  of<Type extends ClientFrame["type"]>(type: Type): (ClientFrame & { type: Type })[] {
    return this.received.filter((frame): frame is ClientFrame & { type: Type } => frame.type === type);
  }

  /** The newest frame of a type. */
  last<Type extends ClientFrame["type"]>(type: Type): ClientFrame & { type: Type } {
    const frame = this.of(type).at(-1);
    if (frame === undefined) throw new Error(`no ${type} came`);
    return frame;
  }

  open(subprotocol: string): void {
    this.#handlers.onOpen(subprotocol);
  }

  /** Sends frames, as one message, after this turn. */
  send(...frames: ServerFrame[]): void {
    const bytes = frames.map((frame) => this.#server.codec.encode(frame));
    this.sendBytes(Uint8Array.from(bytes.flatMap((part) => [...part])));
  }

  sendBytes(message: Uint8Array): void {
    this.#ports.timers.soon(() => {
      if (this.alive && !this.#ended) this.#handlers.onMessage(message);
    });
  }

  /** Ends the connection, behind what was sent. */
  close(code: number, reason = ""): void {
    this.#ports.timers.soon(() => {
      if (this.#ended) return;
      this.#ended = true;
      this.#handlers.onClose(code, reason);
    });
  }

  /** Breaks the connection. */
  cut(): void {
    this.close(1006);
  }

  #onMessage(message: Uint8Array): void {
    if (!this.alive || this.#ended) return;
    const frames = this.#server.codec.decodeClient(message);
    this.messages.push(frames.length);
    for (const frame of frames) {
      this.received.push(frame);
      if (frame.type !== "connect") this.#server.answer(frame, this);
      else if (this.#server.welcome !== undefined) {
        const { welcome: own, nodes } = this.#server;
        this.send({ ...own, node: nodes.get(this.url) ?? own.node });
      }
    }
  }
}

/** A message whose data is JSON. */
export function message(offset: number, data: unknown = offset, rest: Partial<Message> = {}): Message {
  const payload = { kind: "json", data: new TextEncoder().encode(JSON.stringify(data)) } as const;
  return { offset, time: 0, key: "", publisher: "", payload, ...rest };
}

/** The answer to a `subscribe`, under number 7. */
export function subscribed(to: SubscribeFrame, rest: Partial<SubscribedFrame> = {}): SubscribedFrame {
  const { id, generation } = to;
  const frame = { type: "subscribed", id, generation, number: 7, epoch: 1, offset: 0, end: 0 } as const;
  return { ...frame, lost: undefined, reset: "", grant: new Uint8Array(0), ...rest };
}

/** The batch `(from, to]` of number 7 with a message for each offset, unless others are given. */
export function batch(from: number, to: number, rest: Partial<BatchFrame> = {}): BatchFrame {
  const messages = Array.from({ length: to - from }, (_, index) => message(from + index + 1));
  return { type: "batch", number: 7, generation: 1, epoch: 1, from, to, messages, conflated: false, ...rest };
}

/** The data of a publish, parsed. */
export function dataOf(frame: PublishFrame): unknown {
  return JSON.parse(new TextDecoder().decode(frame.payload.data));
}
