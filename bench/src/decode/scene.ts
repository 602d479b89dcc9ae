import { hawserReceiver } from "./hawser-receiver.ts";
import type { OnMessage, Receiver } from "./receiver.ts";
import { socketIoReceiver } from "./socket-io-receiver.ts";
import type { SocketIo } from "./socket-io-receiver.ts";

/** Whose client reads, and how many messages stand in one WebSocket message, which is the server's choice. */
export interface Case {
  readonly client: "socket.io" | "hawser event" | "hawser for await";
  readonly perMessage: number;
}

/** Messages between two looks at the clock. */
const chunk = 5_000;

const microtask = Promise.resolve();

/** One client that stays connected, measured as often as one likes. Runs in Node and in a page. */
export class Scene {
  readonly #receiver: Receiver;
  readonly #perMessage: number;
  readonly #count: () => number;

  private constructor(receiver: Receiver, perMessage: number, count: () => number) {
    this.#receiver = receiver;
    this.#perMessage = perMessage;
    this.#count = count;
  }

  static async start({ client, perMessage }: Case, io: SocketIo): Promise<Scene> {
    let count = 0;
    const onMessage: OnMessage = ({ number, text }) => {
      count += 1;
      if (number !== count || text.length === 0) throw new Error(`message ${number} where ${count} was next`);
    };
    const receiver =
      client === "socket.io"
        ? await socketIoReceiver(io, onMessage)
        : await hawserReceiver(client === "hawser event" ? "event" : "for await", onMessage);
    return new Scene(receiver, perMessage, () => count);
  }

  /** Microseconds of a message, from the WebSocket's event until the application has it. */
  async measure(durationMs: number): Promise<number> {
    let spentMs = 0;
    let messages = 0;
    while (spentMs < durationMs) {
      const frames = this.#receiver.frames(chunk, this.#perMessage);
      const until = this.#count() + chunk;
      const started = performance.now();
      for (const frame of frames) {
        this.#receiver.socket.receive(frame);
        // A browser runs microtasks after each event.
        await microtask;
      }
      while (this.#count() < until) await microtask;
      spentMs += performance.now() - started;
      messages += chunk;
      // What the clients do beside (timers, credit) has its turn too.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    return (spentMs * 1000) / messages;
  }

  close(): void {
    this.#receiver.close();
  }
}
