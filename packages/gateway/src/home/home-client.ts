import { HawserError } from "@hawser/protocol";
import type { AttachSocketFrame, OpenSocketFrame } from "@hawser/protocol";
import type { SocketClient, SocketFrame, SocketHandler } from "@hawser/server/core";
import type { Binding, HomeSocket } from "./home-socket.ts";

/** The home, as the connections to it see it. */
export interface SocketHome {
  /** By which its sockets say where they are. */
  readonly name: string;
  /** Opens a socket for a connection and answers; `ending` ends the opening. Never rejects. */
  open(binding: Binding, frame: OpenSocketFrame, ending: AbortController): Promise<void>;
  /** The socket that an attach means, whoever it is for may have it. */
  find(client: SocketClient, frame: AttachSocketFrame): HomeSocket | undefined;
}

interface Opening {
  readonly frame: OpenSocketFrame;
  readonly ending: AbortController;
}

/** The sockets of one home that are on one connection. */
export class HomeClient implements SocketHandler, Binding {
  readonly client: SocketClient;
  readonly #home: SocketHome;
  readonly #bound = new Map<number, HomeSocket>();
  /** What is being opened: it ends when the connection does, or the right to it. */
  readonly #opening = new Set<Opening>();
  /** How often rights were asked anew: what was asked before that may be of before. */
  #rechecks = 0;

  constructor(client: SocketClient, home: SocketHome) {
    this.client = client;
    this.#home = home;
  }

  handle(frame: SocketFrame): void {
    switch (frame.type) {
      case "open-socket":
        void this.#open(frame);
        return;
      case "attach-socket":
        void this.#attach(frame);
        return;
      case "socket-data":
        return this.#bound.get(frame.number)?.onData(frame);
      case "socket-window":
        return this.#bound.get(frame.number)?.onWindow(frame);
      case "socket-close":
        return this.#bound.get(frame.number)?.onClose(frame);
    }
  }

  async recheck(): Promise<void> {
    this.#rechecks += 1;
    const bound = [...this.#bound.values()].map(async (socket) => {
      const may = await this.client.mayStill(socket.upstreamName);
      if (!may && this.#bound.get(socket.number) === socket) socket.forbid();
    });
    const opening = [...this.#opening].map(async ({ frame, ending }) => {
      const may = await this.client.mayStill(frame.upstream);
      if (may) return;
      // It may be open by now.
      const socket = this.#bound.get(frame.number);
      if (socket === undefined) ending.abort(forbidden(frame.upstream));
      else if (socket.upstreamName === frame.upstream) socket.forbid();
    });
    await Promise.all([...bound, ...opening]);
  }

  bound(socket: HomeSocket): void {
    this.#bound.set(socket.number, socket);
  }

  released(socket: HomeSocket): void {
    if (this.#bound.get(socket.number) !== socket) return;
    this.#bound.delete(socket.number);
    this.client.released?.(socket.number);
  }

  close(): void {
    for (const { ending } of this.#opening) ending.abort();
    const sockets = [...this.#bound.values()];
    this.#bound.clear();
    for (const socket of sockets) socket.detach();
  }

  async #open(frame: OpenSocketFrame): Promise<void> {
    const opening = { frame, ending: new AbortController() };
    this.#opening.add(opening);
    await this.#home.open(this, frame, opening.ending);
    this.#opening.delete(opening);
  }

  async #attach(frame: AttachSocketFrame): Promise<void> {
    try {
      const found = this.#home.find(this.client, frame);
      if (found === undefined) throw frame.home === this.#home.name ? gone() : notReached();
      let may: boolean;
      let asked: number;
      do {
        asked = this.#rechecks;
        may = await this.client.may(found.upstreamName);
      } while (asked !== this.#rechecks);
      if (this.client.closed) return;
      if (!may) throw forbidden(found.upstreamName);
      if (found.over) throw gone();
      if (frame.generation <= found.generation)
        throw new HawserError("generation-stale", `Generation ${frame.generation} of this socket has passed.`);
      if (!found.attach(this, frame)) throw gone();
    } catch (error) {
      this.client.refuse(frame.id, errorOf(error, this.client));
    }
  }
}

/** The socket is over, or its home is no more (SOCK-12). */
export function gone(): HawserError {
  return new HawserError("socket-gone", "This virtual socket is no more. Open another.");
}

/** The socket is another node's, to which this one leads nobody (SOCK-24). */
export function notReached(): HawserError {
  const text =
    "This virtual socket is another node's, which is not reached from this one: see that the nodes have a relay.";
  return new HawserError("socket-gone", text, { retry: true });
}

/** The client's user has no right to open it (SOCK-1, SOCK-20). */
export function forbidden(upstream: string): HawserError {
  return new HawserError(
    "forbidden",
    `This user may not open ${JSON.stringify(upstream)}. Ask for the right, or another token.`,
  );
}

/** What a client is told of an error. */
export function errorOf(error: unknown, client: SocketClient): HawserError {
  if (error instanceof HawserError) return error;
  client.report("a virtual socket", error);
  return new HawserError("internal", "A fault of the server's own.", { retry: true });
}
