import { SendSchedule } from "./send-schedule.ts";
import type { Scheduled } from "./send-schedule.ts";
import type {
  AuthenticatedFrame,
  ClientFrame,
  EnteredFrame,
  ErrorFrame,
  PageFrame,
  PublishedFrame,
  RejectedFrame,
  ResultFrame,
  ServerFrame,
  SocketAttachedFrame,
  SocketOpenedFrame,
  SubscribedFrame,
  WatchedFrame,
} from "@hawser/protocol";

/** What answers a request (CON-15). */
export type ReplyFrame =
  | SubscribedFrame
  | PublishedFrame
  | RejectedFrame
  | PageFrame
  | ResultFrame
  | AuthenticatedFrame
  | EnteredFrame
  | WatchedFrame
  | SocketOpenedFrame
  | SocketAttachedFrame
  | ErrorFrame;

/** One request on one connection. Exactly one of `reply`, `lost` and `tooLarge` is called, once, unless `build` gives up. */
export interface Request extends Scheduled {
  /** The frame, when its turn has come. `undefined`: it is not wanted any more. */
  build(id: number): ClientFrame | undefined;
  reply(frame: ReplyFrame): void;
  /** The connection ended before the answer. */
  lost(sent: boolean): void;
  /** The frame is larger than the server takes. */
  tooLarge(): void;
}

/** A frame that has no answer, and waits for its turn all the same: a piece of a virtual socket. */
export interface Sending extends Scheduled {
  /** The frame, when its turn has come. `undefined`: there is nothing to send any more. */
  build(): ClientFrame | undefined;
}

/** The connection, as its requests use it. */
export interface RequestWire {
  /** Whether one more may be sent now. */
  readonly hasRoom: boolean;
  /** Has `fill` called before this turn's frames are written. */
  wake(): void;
  /** @returns the frame's bytes; `undefined` when it is too large. */
  send(frame: ClientFrame): number | undefined;
}

/**
 * The requests of one connection: gives out identifiers (CON-14), holds back what is above the server's `maxRequests` or
 * finds no room, and brings each answer to its asker. What waits goes by lane and flow, and is chosen at the last moment.
 * What may ask is bounded by whoever asks, so the queue has no bound of its own.
 */
export class RequestTable {
  readonly #wire: RequestWire;
  readonly #maxInFlight: number;
  readonly #inFlight = new Map<number, Request>();
  #waiting = new SendSchedule<Request | Sending>();
  #lastId = 0;
  #ended = false;
  #filling = false;

  /** @param maxInFlight the server's `maxRequests`; 0: not limited. */
  constructor(maxInFlight: number, wire: RequestWire) {
    this.#maxInFlight = maxInFlight === 0 ? Infinity : maxInFlight;
    this.#wire = wire;
  }

  /** Requests that were sent and not answered, and those that wait. Frames without an answer are those of a stream. */
  get size(): number {
    return this.#inFlight.size + [...this.#waiting].filter((item) => "lost" in item).length;
  }

  /** The request waits for its turn. */
  add(request: Request): void {
    if (this.#ended) return request.lost(false);
    this.#waiting.add(request);
    this.#wire.wake();
  }

  /** The frame waits for its turn; when the connection ends before, it is dropped. */
  addSending(sending: Sending): void {
    if (this.#ended) return;
    this.#waiting.add(sending);
    this.#wire.wake();
  }

  /** Sends as many as there is room for. @returns whether more wait for room on the connection. */
  fill(): boolean {
    // What a request does when it is built may ask again: that has its turn behind it.
    if (this.#filling) return false;
    this.#filling = true;
    while (this.#mayStart && this.#wire.hasRoom && this.#waiting.serve((request) => this.#start(request)));
    this.#filling = false;
    return this.#mayStart && !this.#waiting.isEmpty;
  }

  /** @returns whether the frame was the answer to a request. */
  settle(frame: ServerFrame): boolean {
    if (!("id" in frame) || !this.#answer(frame)) return false;
    if (frame.type === "published") this.#answerFollowing(frame);
    if (!this.#waiting.isEmpty) this.#wire.wake();
    return true;
  }

  /** The connection ended: tells every asker, in the order of asking. */
  end(): void {
    this.#ended = true;
    const sent = [...this.#inFlight.values()];
    const waiting = [...this.#waiting];
    this.#inFlight.clear();
    this.#waiting = new SendSchedule();
    for (const request of sent) request.lost(true);
    for (const item of waiting) if ("lost" in item) item.lost(false);
  }

  #answer(frame: ReplyFrame): boolean {
    const request = this.#inFlight.get(frame.id);
    if (request === undefined) return false;
    this.#inFlight.delete(frame.id);
    request.reply(frame);
    return true;
  }

  /** PUB-15: what one `published` says of more requests than one. */
  #answerFollowing(frame: PublishedFrame): void {
    const { id, position, following } = frame;
    for (let step = 1; position !== undefined && step <= following; step += 1) {
      const own = { ...position, offset: position.offset + step };
      if (!this.#answer({ ...frame, id: id + step, position: own })) return;
    }
  }

  get #mayStart(): boolean {
    return this.#inFlight.size < this.#maxInFlight;
  }

  /** @returns how many bytes that were. */
  #start(request: Request | Sending): number {
    if (!("reply" in request)) {
      const sending = request.build();
      return sending === undefined ? 0 : (this.#wire.send(sending) ?? 0);
    }
    this.#lastId += 1;
    const id = this.#lastId;
    const frame = request.build(id);
    if (frame === undefined) return 0;
    this.#inFlight.set(id, request);
    const bytes = this.#wire.send(frame);
    if (bytes !== undefined) return bytes;
    this.#inFlight.delete(id);
    request.tooLarge();
    return 0;
  }
}
