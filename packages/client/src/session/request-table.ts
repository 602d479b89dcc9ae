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
  | ErrorFrame;

/** One request on one connection. Exactly one of `reply`, `lost` and `tooLarge` is called, once, unless `build` gives up. */
export interface Request {
  /** The frame, when its turn has come. `undefined`: it is not wanted any more. */
  build(id: number): ClientFrame | undefined;
  reply(frame: ReplyFrame): void;
  /** The connection ended before the answer. */
  lost(sent: boolean): void;
  /** The frame is larger than the server takes. */
  tooLarge(): void;
}

/**
 * The requests of one connection: gives out identifiers (CON-14), holds back what is above the server's `maxRequests`,
 * and brings each answer to its asker. What may ask is bounded by whoever asks, so the queue has no bound of its own.
 */
export class RequestTable {
  readonly #send: (frame: ClientFrame) => boolean;
  readonly #maxInFlight: number;
  readonly #inFlight = new Map<number, Request>();
  #waiting: Request[] = [];
  #lastId = 0;
  #ended = false;
  #pumping = false;

  /** @param maxInFlight the server's `maxRequests`; 0: not limited. */
  constructor(maxInFlight: number, send: (frame: ClientFrame) => boolean) {
    this.#maxInFlight = maxInFlight === 0 ? Infinity : maxInFlight;
    this.#send = send;
  }

  /** Requests that were sent and not answered, and those that wait. */
  get size(): number {
    return this.#inFlight.size + this.#waiting.length;
  }

  /** Sends the request, or lets it wait for its turn. */
  add(request: Request): void {
    if (this.#ended) return request.lost(false);
    this.#waiting.push(request);
    this.#pump();
  }

  /** @returns whether the frame was the answer to a request. */
  settle(frame: ServerFrame): boolean {
    if (!("id" in frame)) return false;
    const request = this.#inFlight.get(frame.id);
    if (request === undefined) return false;
    this.#inFlight.delete(frame.id);
    request.reply(frame);
    this.#pump();
    return true;
  }

  /** The connection ended: tells every asker, in the order of asking. */
  end(): void {
    this.#ended = true;
    const sent = [...this.#inFlight.values()];
    const waiting = this.#waiting;
    this.#inFlight.clear();
    this.#waiting = [];
    for (const request of sent) request.lost(true);
    for (const request of waiting) request.lost(false);
  }

  #pump(): void {
    // What a request does when it is built may ask again: that waits behind it, so that frames leave in their order.
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#inFlight.size < this.#maxInFlight && this.#waiting.length > 0) this.#start(this.#waiting.shift()!);
    this.#pumping = false;
  }

  #start(request: Request): void {
    this.#lastId += 1;
    const id = this.#lastId;
    const frame = request.build(id);
    if (frame === undefined) return;
    this.#inFlight.set(id, request);
    if (this.#send(frame)) return;
    this.#inFlight.delete(id);
    request.tooLarge();
  }
}
