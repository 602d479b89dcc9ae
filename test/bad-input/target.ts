import { memoryLog } from "@hawser/log";
import { anonymous, createServer, jsonLogger } from "@hawser/server";
import type { HawserServer, ServerOptions } from "@hawser/server";
import { WebSocket } from "ws";

/** A server to be attacked, and a client that must notice nothing. */
export interface Target {
  readonly server: HawserServer;
  readonly url: string;
  readonly bystander: Bystander;
  /** Every line that the server logged, at the lowest level. */
  readonly logged: string[];
  readonly metrics: () => Promise<string>;
  readonly close: () => Promise<void>;
}

export async function openTarget(options: Partial<ServerOptions> = {}): Promise<Target> {
  const logged: string[] = [];
  const server = createServer({
    log: memoryLog(),
    authenticate: anonymous(),
    port: 0,
    host: "127.0.0.1",
    logger: jsonLogger({ level: "debug", write: (line) => void logged.push(line) }),
    ...options,
  });
  await server.listen();
  const bystander = await Bystander.connect(server.url);
  return {
    server,
    url: server.url,
    bystander,
    logged,
    metrics: async () => (await fetch(new URL("/metrics", server.url.replace("ws", "http")))).text(),
    close: async () => {
      bystander.leave();
      await server.close();
    },
  };
}

type Frame = Readonly<Record<string, unknown>>;

/** A well-behaved client, made of another WebSocket implementation's parts than the attacks. */
export class Bystander {
  readonly #webSocket: WebSocket;
  readonly #frames: Frame[] = [];
  #closed: number | undefined;
  #wake: () => void = () => {};
  #published = 0;

  private constructor(webSocket: WebSocket) {
    this.#webSocket = webSocket;
    webSocket.on("message", (data) => {
      for (const line of (data as Buffer).toString("utf8").trim().split("\n"))
        this.#frames.push(JSON.parse(line) as Frame);
      this.#wake();
    });
    webSocket.on("error", () => {});
    webSocket.on("close", (code) => {
      this.#closed = code;
      this.#wake();
    });
  }

  static async connect(url: string, token = ""): Promise<Bystander> {
    const webSocket = new WebSocket(url, "hawser.v1.json");
    const bystander = new Bystander(webSocket);
    await new Promise((resolve, reject) => {
      webSocket.once("open", resolve);
      webSocket.once("error", reject);
    });
    bystander.#say({ type: "connect", token });
    bystander.#say({ type: "subscribe", id: 1, channel: "bystander" });
    await bystander.#next("subscribed");
    return bystander;
  }

  /** Publishes, and gets its own message as the very next one: it is still connected, and missed nothing. */
  async roundTrip(): Promise<void> {
    this.#published += 1;
    this.#say({ type: "publish", id: 1 + this.#published, channel: "bystander", json: { count: this.#published } });
    for (;;) {
      const batch = await this.#next("batch");
      const messages = (batch["messages"] ?? []) as { json: { count: number } }[];
      if (messages.length === 0) continue;
      if (messages.length !== 1 || messages[0]?.json.count !== this.#published) {
        throw new Error(`expected message ${this.#published}, got ${JSON.stringify(messages)}`);
      }
      return;
    }
  }

  leave(): void {
    this.#webSocket.terminate();
  }

  #say(frame: Frame): void {
    this.#webSocket.send(JSON.stringify(frame));
  }

  async #next(type: string): Promise<Frame> {
    for (;;) {
      const index = this.#frames.findIndex((frame) => frame["type"] === type);
      const frame = this.#frames[index];
      if (frame !== undefined) {
        this.#frames.splice(index, 1);
        return frame;
      }
      if (this.#closed !== undefined) throw new Error(`the bystander was disconnected with ${this.#closed}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
