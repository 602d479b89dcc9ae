import { createClient, webSocketConnector } from "@hawser/client";
import type { Client } from "@hawser/client";
import { WebSocket } from "ws";
import { contract } from "./contract.ts";

/** One who chats: a client of his own, and what he has read so far. */
export class Person {
  readonly name: string;
  readonly client: Client<typeof contract>;
  /** What was read, in the order in which it came: `ann: hello`. */
  readonly read: string[] = [];
  readonly #onRead: (line: string) => void;
  #waiting: { readonly line: string; readonly resolve: () => void } | undefined;

  /** @param address the web site's. @param onRead called with each line that this person reads. */
  constructor(name: string, address: string, onRead: (line: string) => void) {
    this.name = name;
    this.#onRead = onRead;
    this.client = createClient({
      url: `${address.replace("http", "ws")}/hawser`,
      contract,
      // Asked before each connection: a token that has expired meanwhile would do no harm.
      token: () => signIn(address, name),
      // Browsers and Node from 22 on have a WebSocket of their own.
      connector: webSocketConnector({ WebSocket }),
    });
  }

  /**
   * Reads a room from its beginning. Returns once the reading has begun; `ended` resolves with the code of the error
   * that ended it, or `undefined`.
   */
  async enter(room: string): Promise<{ readonly ended: Promise<string | undefined> }> {
    const subscription = this.client.channel(`room.${room}`).subscribe({ from: "earliest" });
    const granted = new Promise<void>((resolve) =>
      subscription.addEventListener("subscribed", () => resolve(), { once: true }),
    );
    const ended = new Promise<string | undefined>((resolve) =>
      subscription.addEventListener("ended", ({ error }) => resolve(error?.code)),
    );
    // `message.data.say` is a string: the contract says so, and what it refuses does not get here.
    subscription.addEventListener("message", ({ message }) => this.#hear(`${message.publisher}: ${message.data.say}`));
    await granted;
    return { ended };
  }

  /** Reads what only this person may read. */
  openInbox(): void {
    const inbox = this.client.inbox.subscribe({ from: "earliest" });
    inbox.addEventListener("message", ({ message: { data } }) => this.#hear(`${data.from} whispers: ${data.whisper}`));
  }

  /** Resolves when the log has it. While the connection is away, that is when it is back. */
  async say(room: string, text: string): Promise<void> {
    await this.client.channel(`room.${room}`).publish({ say: text });
  }

  /** Resolves when this line was read. One wait at a time. */
  async hears(line: string): Promise<void> {
    if (this.read.includes(line)) return;
    await new Promise<void>((resolve) => (this.#waiting = { line, resolve }));
  }

  #hear(line: string): void {
    this.read.push(line);
    this.#onRead(line);
    if (this.#waiting?.line === line) this.#waiting.resolve();
  }
}

async function signIn(address: string, name: string): Promise<string> {
  const answer = await fetch(`${address}/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name }),
  });
  if (!answer.ok) throw new Error(`signing in was answered with ${answer.status}`);
  return answer.text();
}
