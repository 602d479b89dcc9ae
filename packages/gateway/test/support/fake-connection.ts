import { protobufCodec } from "@hawser/protocol";
import type { Codec, HawserError, ServerFrame } from "@hawser/protocol";
import { Scheduler } from "@hawser/server/core";
import type {
  Identity,
  SocketClient,
  SocketFrame,
  SocketHandler,
  SocketService,
  SourceReader,
} from "@hawser/server/core";

const bare = { name: "bare", headroomBytes: 0, frame: (message: Uint8Array): Uint8Array => message };

/** One connection of a client to a home, played by a test: what is said to it is read by `frames`. */
export class FakeConnection implements SocketClient {
  readonly session: string;
  identity: Identity;
  readonly address = "192.0.2.1";
  closed = false;
  /** Upstreams that the user may not open. */
  readonly forbidden = new Set<string>();
  /** Until then rights are being looked up. */
  hold: Promise<void> | undefined;
  readonly reported: unknown[] = [];
  readonly #scheduler = new Scheduler();
  readonly #handler: SocketHandler;
  #answers: ServerFrame[] = [];
  readonly reader: SourceReader;
  readonly #codec: Codec;

  constructor(service: SocketService, session = "s1", user = "ann", codec: Codec = protobufCodec) {
    this.#codec = codec;
    this.reader = {
      encoding: { codec, framing: bare },
      wake: (source) => this.#scheduler.add(source),
      onTold: () => {},
    };
    this.session = session;
    this.identity = { user };
    this.#handler = service.attach(this);
  }

  /** The right as it was when it was asked for. */
  may(upstream: string): boolean | Promise<boolean> {
    const may = this.mayStill(upstream);
    return this.hold === undefined ? may : this.hold.then(() => may);
  }

  mayStill(upstream: string): boolean {
    return !this.forbidden.has(upstream);
  }

  answer(_id: number, frame: ServerFrame): void {
    if (!this.closed) this.#answers.push(frame);
  }

  refuse(id: number, { code, message, retry, retryAfterMs }: HawserError): void {
    this.answer(id, { type: "error", id, code, message, retry, retryAfterMs });
  }

  tell(frame: ServerFrame): void {
    if (!this.closed) this.#answers.push(frame);
  }

  report(_what: string, error: unknown): void {
    this.reported.push(error);
  }

  send(...frames: SocketFrame[]): void {
    for (const frame of frames) this.#handler.handle(frame);
  }

  recheck(): Promise<void> {
    return this.#handler.recheck();
  }

  /** What is said now, of at most so many messages of sockets: answers ahead of everything. */
  async frames(messages = Number.MAX_SAFE_INTEGER): Promise<ServerFrame[]> {
    // What a chain of promises leads to has happened then.
    await new Promise((resolve) => setImmediate(resolve));
    const frames = this.#answers.splice(0);
    for (let count = 0; count < messages; count += 1) {
      const message = this.#scheduler.take(0);
      if (message === undefined) break;
      frames.push(...this.#codec.decodeServer(message));
    }
    return frames;
  }

  async ask(...frames: SocketFrame[]): Promise<ServerFrame[]> {
    this.send(...frames);
    return this.frames();
  }

  cut(): void {
    this.closed = true;
    this.#handler.close();
  }
}
