import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Cleanup } from "../command/hawser-process.ts";

/** What a back end is told of a socket. */
export type BackEndEvent = Readonly<Record<string, unknown>> & {
  readonly type: string;
  readonly socket: string;
  readonly messages?: readonly { readonly text?: string; readonly binary?: string }[];
};

/** A secret for tests. */
export const webhookSecret = `whsec_${Buffer.alloc(32, 3).toString("base64")}`;

/** An HTTP back end that says each message back, and keeps what it was told. */
export class JsBackEnd {
  readonly events: BackEndEvent[] = [];
  readonly url: string;
  #waiting: (() => void)[] = [];

  private constructor(url: string) {
    this.url = url;
  }

  static async start(cleanup: Cleanup): Promise<JsBackEnd> {
    const server = createServer((request, response) => void backEnd.#answer(request, response));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const backEnd = new JsBackEnd(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    cleanup.add(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return backEnd;
  }

  /** The first event of that type, as soon as there is one. */
  async told(type: string): Promise<BackEndEvent> {
    for (;;) {
      const found = this.events.find((event) => event.type === type);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const event = JSON.parse(Buffer.concat(chunks).toString()) as BackEndEvent;
    this.events.push(event);
    for (const wake of this.#waiting.splice(0)) wake();
    const replies = (event.messages ?? []).map(({ text, binary }) => (text === undefined ? { binary } : { text }));
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(replies));
  }
}
