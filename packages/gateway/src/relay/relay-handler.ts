import { HawserError } from "@hawser/protocol";
import type { AttachSocketFrame, ServerFrame } from "@hawser/protocol";
import type { Lane, SocketClient, SocketFrame, SocketHandler } from "@hawser/server/core";
import { gone, notReached } from "../home/home-client.ts";
import type { HomeLine, LineUser } from "./home-line.ts";
import { RelayedSocket } from "./relayed-socket.ts";

export interface RelayHandlerOptions {
  readonly client: SocketClient;
  /** Handles the sockets whose home is this node. */
  readonly local: SocketHandler;
  /** The line to another home; `undefined`: `home` is this node, or no other that is known. */
  readonly lineTo: (home: string) => HomeLine | undefined;
  readonly isHere: (home: string) => boolean;
}

interface Attach {
  readonly frame: AttachSocketFrame;
  readonly line: HomeLine;
}

interface Away {
  readonly socket: RelayedSocket;
  readonly line: HomeLine;
}

/** The sockets of one connection, at this home and, through it, at others (SOCK-16). */
export class RelayHandler implements SocketHandler, LineUser {
  readonly client: SocketClient;
  readonly #options: RelayHandlerOptions;
  /** Attaches that their home has not answered, by their request. */
  readonly #attaching = new Map<number, Attach>();
  readonly #away = new Map<number, Away>();
  /** Those that know of this connection. */
  readonly #lines = new Set<HomeLine>();

  constructor(options: RelayHandlerOptions) {
    this.client = options.client;
    this.#options = options;
  }

  handle(frame: SocketFrame): void {
    if (frame.type === "attach-socket" && !this.#options.isHere(frame.home)) {
      void this.#attach(frame);
      return;
    }
    const away = frame.type === "open-socket" ? undefined : this.#away.get(frame.number);
    if (away === undefined) this.#options.local.handle(frame);
    else away.line.send(this, frame);
  }

  async recheck(): Promise<void> {
    for (const line of this.#lines) line.recheck(this);
    await this.#options.local.recheck();
  }

  close(): void {
    for (const line of this.#lines) line.leave(this);
    this.#lines.clear();
    for (const { socket } of this.#away.values()) socket.close();
    this.#away.clear();
    this.#attaching.clear();
    this.#options.local.close();
  }

  onFrames(line: HomeLine, frames: readonly ServerFrame[]): void {
    for (const frame of frames) {
      if (frame.type === "socket-attached" || frame.type === "error") this.#onAnswer(frame);
      else if (frame.type === "detach-socket") {
        this.#drop(line, frame.number);
        this.client.tell(frame);
      } else if (frame.type === "socket-data" || frame.type === "socket-window" || frame.type === "socket-close") {
        const away = this.#away.get(frame.number);
        if (away?.line === line) away.socket.push(frame);
      }
    }
  }

  onAttached(line: HomeLine, number: number, lane: Lane): void {
    const attach = [...this.#attaching.values()].find(({ frame }) => frame.number === number);
    if (attach?.line !== line) return;
    this.#drop(line, number);
    const socket = new RelayedSocket(number, attach.frame.generation, lane, this.client.reader);
    this.#away.set(number, { socket, line });
  }

  onReleased(line: HomeLine, number: number): void {
    this.#drop(line, number);
  }

  /** Its sockets live as long as their home does, and are attached anew, over this node or another. */
  onLineClosed(line: HomeLine): void {
    this.#lines.delete(line);
    for (const [id, attach] of this.#attaching) {
      if (attach.line !== line) continue;
      this.#attaching.delete(id);
      this.client.refuse(id, cut());
    }
    for (const [number, { socket, line: its }] of this.#away) {
      if (its !== line) continue;
      this.#drop(line, number);
      const { code, message, retry } = cut();
      this.client.tell({ type: "detach-socket", number, generation: socket.generation, code, message, retry });
    }
  }

  async #attach(frame: AttachSocketFrame): Promise<void> {
    const line = this.#options.lineTo(frame.home);
    if (line === undefined) return this.client.refuse(frame.id, notReached());
    const instance = await line.instance;
    if (this.client.closed) return;
    // It may be dead, or reached only from elsewhere.
    if (instance === undefined) return this.client.refuse(frame.id, notReached());
    if (instance !== frame.instance) return this.client.refuse(frame.id, gone());
    if (line.closed) return this.client.refuse(frame.id, cut());
    this.#attaching.set(frame.id, { frame, line });
    this.#lines.add(line);
    line.send(this, frame);
  }

  #onAnswer(frame: ServerFrame & { readonly id: number }): void {
    if (this.#attaching.delete(frame.id)) this.client.answer(frame.id, frame);
  }

  #drop(line: HomeLine, number: number): void {
    const away = this.#away.get(number);
    if (away?.line !== line) return;
    away.socket.close();
    this.#away.delete(number);
  }
}

function cut(): HawserError {
  return new HawserError("socket-unavailable", "The way to the home of this socket was lost. Attach it again.", {
    retry: true,
  });
}
