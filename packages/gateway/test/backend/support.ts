import { silentLogger } from "@hawser/server";
import { Backends } from "../../src/backend/backends.ts";
import type { BackendOptions } from "../../src/backend/backend-options.ts";
import type { BackendOpening } from "../../src/backend/backend.ts";
import type { BackendSocket } from "../../src/backend/backend-socket.ts";
import type { PostAnswer, PostRequest } from "../../src/backend/http-post.ts";
import { SimulatedPorts } from "./simulated-ports.ts";

/** A request that a back end got, and the way to answer it. */
export interface Posted {
  readonly request: PostRequest;
  readonly id: string;
  /** The JSON of the body. */
  readonly event: Record<string, unknown>;
  readonly answer: (answer?: Partial<PostAnswer>) => void;
  json(body: unknown): void;
  fail(message: string): void;
  readonly reject: (error: Error) => void;
}

export const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

const opening: BackendOpening = {
  user: "ann",
  path: "/orders",
  query: "",
  protocols: [],
  session: undefined,
  address: "10.0.0.9",
  claims: undefined,
  headers: {},
};

/** Back ends whose requests a test answers. */
export class Bench {
  readonly ports = new SimulatedPorts();
  readonly posted: Posted[] = [];
  readonly requests: [string, number][] = [];
  readonly backends = new Backends({
    node: "a",
    clock: this.ports,
    timers: this.ports,
    random: this.ports,
    logger: silentLogger,
    observer: {
      backendRequest: (pool, status) => void this.requests.push([pool, status]),
      backendFailed: () => {},
      backendSockets: () => {},
    },
    poster: {
      post: (request, signal) =>
        new Promise((resolve, reject) => {
          signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
          const answer: Posted["answer"] = (given = {}) =>
            resolve({ status: 200, contentType: "", retryAfter: "", body: new Uint8Array(), ...given });
          const text = Buffer.from(request.body).toString();
          this.posted.push({
            request,
            id: request.headers["webhook-id"] ?? "",
            event: text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {},
            answer,
            json: (body) => answer({ contentType: "application/json", body: Buffer.from(JSON.stringify(body)) }),
            fail: (message) => reject(new Error(message)),
            reject,
          });
        }),
      close: () => {},
    },
  });

  constructor(options: Partial<BackendOptions> = {}) {
    this.backends.put("app", { url: "http://app.test/sockets", secret, ...options }, "pools.app");
  }

  /** The requests that were not looked at yet. */
  async next(): Promise<readonly Posted[]> {
    await this.ports.settle();
    return this.posted.splice(0);
  }

  /** The only request that was not looked at yet. */
  async one(): Promise<Posted> {
    const [first, ...others] = await this.next();
    if (first === undefined || others.length > 0) throw new Error(`${others.length} others, first: ${first?.id}`);
    return first;
  }

  connecting(wish: Partial<BackendOpening> = {}, signal = new AbortController().signal): Promise<BackendSocket> {
    return this.backends.get("app")!.connect({ ...opening, ...wish }, signal);
  }

  /** A socket that the back end took with `answer`, and what its client got. */
  async open(answer: unknown = {}, wish: Partial<BackendOpening> = {}): Promise<Opened> {
    const connecting = this.connecting(wish);
    (await this.one()).json(answer);
    return new Opened(await connecting);
  }
}

/** A socket and all that its client was told. */
export class Opened {
  readonly got: (string | Uint8Array | readonly [number, string])[] = [];
  readonly socket: BackendSocket;
  written = 0;

  constructor(socket: BackendSocket) {
    this.socket = socket;
    socket.handlers = {
      onMessage: (data, text) => void this.got.push(text ? Buffer.from(data).toString() : data),
      onClose: (code, reason) => void this.got.push([code, reason]),
    };
  }

  say(text: string): void {
    this.socket.send(Buffer.from(text), true, true, () => (this.written += 1));
  }
}
