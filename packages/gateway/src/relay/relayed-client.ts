import { HawserError, protobufCodec, streamPrefix } from "@hawser/protocol";
import type { ServerFrame } from "@hawser/protocol";
import { Scheduler } from "@hawser/server/core";
import type {
  Encoding,
  Identity,
  Lane,
  SocketClient,
  SocketFrame,
  SocketHandler,
  Source,
  SourceReader,
} from "@hawser/server/core";
import type { Home } from "../home/home.ts";
import type { ClientWord, HomeWord } from "./relay-word.ts";

/** The link that a relayed client came over, as the client sees it. */
export interface RelayedWay {
  sendFrames(message: Uint8Array): void;
  say(word: HomeWord): void;
  /** The client has something to send when its turn comes. */
  list(client: RelayedClient): void;
  report(what: string, error: unknown): void;
}

interface Question {
  readonly resolve: (may: boolean) => void;
  readonly reject: (error: HawserError) => void;
}

/** A client whose connection is at another node, as its home sees it. */
export class RelayedClient implements SocketClient, SourceReader {
  readonly session: string;
  readonly identity: Identity;
  readonly address: string;
  readonly encoding: Encoding;
  readonly #stream: number;
  readonly #way: RelayedWay;
  readonly #handler: SocketHandler;
  readonly #scheduler = new Scheduler();
  readonly #questions = new Map<number, Question>();
  #asked = 0;
  #closed = false;

  constructor(
    home: Home,
    way: RelayedWay,
    { stream, user, session, address }: ClientWord & { readonly word: "client" },
  ) {
    const prefix = streamPrefix(stream);
    this.session = session;
    this.identity = { user };
    this.address = address;
    this.encoding = {
      codec: protobufCodec,
      framing: {
        name: "relay",
        headroomBytes: prefix.length,
        frame: (message) => {
          message.set(prefix);
          return message;
        },
      },
    };
    this.#stream = stream;
    this.#way = way;
    this.#handler = home.attach(this);
  }

  get closed(): boolean {
    return this.#closed;
  }

  get reader(): SourceReader {
    return this;
  }

  handle(frame: SocketFrame): void {
    this.#handler.handle(frame);
  }

  recheck(): void {
    void this.#handler.recheck();
  }

  may(upstream: string): Promise<boolean> {
    return this.#ask(upstream, false);
  }

  mayStill(upstream: string): Promise<boolean> {
    return this.#ask(upstream, true).catch(() => false);
  }

  /** The other node has found out what it was asked. */
  answered(question: number, may: boolean | undefined): void {
    const asked = this.#questions.get(question);
    this.#questions.delete(question);
    if (may === undefined) asked?.reject(notFound());
    else asked?.resolve(may);
  }

  answer(_id: number, frame: ServerFrame): void {
    this.tell(frame);
  }

  refuse(id: number, { code, message, retry, retryAfterMs }: HawserError): void {
    this.tell({ type: "error", id, code, message, retry, retryAfterMs });
  }

  tell(frame: ServerFrame): void {
    if (this.#closed) return;
    const { codec, framing } = this.encoding;
    this.#way.sendFrames(framing.frame(codec.encode(frame, framing.headroomBytes)));
  }

  report(what: string, error: unknown): void {
    this.#way.report(what, error);
  }

  /** As `SocketClient.attached`. */
  attached(number: number, lane: Lane): void {
    if (!this.#closed) this.#way.say({ word: "attached", stream: this.#stream, number, lane });
  }

  /** As `SocketClient.released`. */
  released(number: number): void {
    if (!this.#closed) this.#way.say({ word: "released", stream: this.#stream, number });
  }

  wake(source: Source): void {
    this.#scheduler.add(source);
    this.#way.list(this);
  }

  onTold(): void {}

  /** Sends the next message of its sockets. @returns whether there was one. */
  flushOne(now: number): boolean {
    const message = this.#closed ? undefined : this.#scheduler.take(now);
    if (message === undefined) return false;
    this.#way.sendFrames(message);
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#scheduler.clear();
    this.#handler.close();
    for (const { reject } of this.#questions.values()) reject(notFound());
    this.#questions.clear();
  }

  #ask(upstream: string, still: boolean): Promise<boolean> {
    const question = (this.#asked += 1);
    return new Promise((resolve, reject) => {
      this.#questions.set(question, { resolve, reject });
      this.#way.say({ word: "ask", stream: this.#stream, question, upstream, still });
    });
  }
}

function notFound(): HawserError {
  return new HawserError("internal", "The server did not find the right in time. Try again.", { retry: true });
}
