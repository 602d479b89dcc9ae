import { HawserError } from "@hawser/protocol";
import type { ServerFrame } from "@hawser/protocol";
import type { Identity } from "../auth/identity.ts";
import type { ClientContext } from "../connection/client-context.ts";
import type { SourceReader } from "../delivery/source.ts";
import type { SocketClient, SocketFrame, SocketHandler, SocketService } from "./socket-service.ts";

export interface ClientSocketsOptions {
  readonly client: ClientContext;
  /** `undefined`: this node has none, or the connection does not go both ways (SOCK-1). */
  readonly service: SocketService | undefined;
  readonly address: string;
}

/** One client's frames about virtual sockets, on their way to whoever handles them. */
export class ClientSockets implements SocketClient {
  readonly address: string;
  readonly #client: ClientContext;
  readonly #service: SocketService | undefined;
  #handler: SocketHandler | undefined;

  constructor({ client, service, address }: ClientSocketsOptions) {
    this.#client = client;
    this.#service = service;
    this.address = address;
  }

  get session(): string {
    return this.#client.session;
  }

  get identity(): Identity {
    return this.#client.rights.identity;
  }

  get closed(): boolean {
    return this.#client.closed;
  }

  get reader(): SourceReader {
    return this.#client.reader;
  }

  handle(frame: SocketFrame): void {
    if (this.#service !== undefined) {
      this.#handler ??= this.#service.attach(this);
      this.#handler.handle(frame);
    } else if ("id" in frame) {
      this.refuse(
        frame.id,
        new HawserError(
          "socket-unavailable",
          "There are no virtual sockets here: the node has no gateway, or the connection goes one way only.",
        ),
      );
    }
  }

  may(upstream: string): boolean | Promise<boolean> {
    return this.#client.rights.may("open", upstream);
  }

  mayStill(upstream: string): boolean | Promise<boolean> {
    return this.#client.rights.mayStill("open", upstream);
  }

  answer(id: number, frame: ServerFrame): void {
    this.#client.answer(id, frame);
  }

  refuse(id: number, error: HawserError): void {
    this.#client.refuse(id, error);
  }

  tell(frame: ServerFrame): void {
    this.#client.tell(frame);
  }

  report(what: string, error: unknown): void {
    this.#client.report(what, error);
  }

  async recheck(): Promise<void> {
    await this.#handler?.recheck();
  }

  close(): void {
    this.#handler?.close();
  }
}
