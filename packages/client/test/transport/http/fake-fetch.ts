import { protobufCodec } from "@hawser/protocol";
import type { ClientFrame, ServerFrame } from "@hawser/protocol";
import type { Fetch } from "../../../src/transport/http/http-exchange.ts";

/** One request that was made, and its answer, which a test writes. */
export class FakeRequest {
  readonly path: string;
  readonly frames: readonly ClientFrame[];
  aborted = false;
  readonly #respond: (response: Response) => void;
  readonly #fail: (error: Error) => void;
  #answer: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(url: string, init: RequestInit, respond: (response: Response) => void, fail: (error: Error) => void) {
    this.path = new URL(url).pathname;
    this.frames = protobufCodec.decodeClient(init.body as Uint8Array);
    this.#respond = respond;
    this.#fail = fail;
    init.signal?.addEventListener("abort", () => {
      this.aborted = true;
      fail(new Error("aborted"));
    });
  }

  /** The frames of one type. */
  of<Type extends ClientFrame["type"]>(type: Type): (ClientFrame & { type: Type })[] {
    return this.frames.filter((frame): frame is ClientFrame & { type: Type } => frame.type === type);
  }

  /** Frames of the answer; its head with the first. */
  send(...frames: ServerFrame[]): void {
    if (this.#answer === undefined) {
      const body = new ReadableStream<Uint8Array>({ start: (controller) => void (this.#answer = controller) });
      this.#respond(new Response(body, { headers: { "content-type": "application/vnd.hawser.v1" } }));
    }
    for (const frame of frames) this.#answer?.enqueue(protobufCodec.encode(frame));
  }

  /** The answer is whole. */
  end(): void {
    this.#answer?.close();
  }

  /** The network gives up. */
  cut(): void {
    const error = new TypeError("network error");
    if (this.#answer === undefined) this.#fail(error);
    else this.#answer.error(error);
  }

  /** An answer that is none of Hawser's. */
  refuse(status: number): void {
    this.#respond(new Response("no", { status, headers: { "content-type": "text/plain" } }));
  }
}

/** A `fetch` whose other end is the test. */
export class FakeFetch {
  readonly requests: FakeRequest[] = [];
  readonly fetch: Fetch = (url, init) =>
    new Promise((resolve, reject) => {
      this.requests.push(new FakeRequest(url, init, resolve, reject));
    });

  /** The newest request. */
  get last(): FakeRequest {
    const last = this.requests.at(-1);
    if (last === undefined) throw new Error("no request was made");
    return last;
  }

  /** The requests to one of the three addresses. */
  to(kind: string): FakeRequest[] {
    return this.requests.filter(({ path }) => path.endsWith(`/${kind}`));
  }
}
