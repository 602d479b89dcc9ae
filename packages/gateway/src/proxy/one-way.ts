import type { Socket } from "node:net";
import { FrameTracker } from "./frame-tracker.ts";

type State =
  | { readonly kind: "passing" }
  /** At the first boundary between frames `frame` goes to the sink, and nothing behind it. */
  | { readonly kind: "closing"; readonly frame: Buffer }
  /** The sink gets no more: what comes is read, tracked and dropped. */
  | { readonly kind: "shut" };

export interface OneWayOptions {
  readonly source: Socket;
  readonly sink: Socket;
  /** Of each chunk that came, and how many messages have ended in it. */
  readonly count: (bytes: number, messages: number) => void;
  /** The source has sent a close frame. */
  readonly onClose: () => void;
}

/**
 * One direction of a proxied connection: what `source` sends goes to `sink` as it came. A sink that does not take more stops
 * the source from being read, so that one chunk and the sink's own buffer are all that is held.
 */
export class OneWay {
  readonly tracker: FrameTracker;
  bytes = 0;
  /** Called behind each chunk, once a close is under way. */
  onClosingChunk: (() => void) | undefined;
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #count: (bytes: number, messages: number) => void;
  #state: State = { kind: "passing" };

  constructor({ source, sink, count, onClose }: OneWayOptions) {
    this.tracker = new FrameTracker(onClose);
    this.#source = source;
    this.#sink = sink;
    this.#count = count;
  }

  /** A close was put, or nothing may follow. */
  get shut(): boolean {
    return this.#state.kind === "shut";
  }

  /** Passes what was read before, and everything that comes. */
  start(head: Buffer): void {
    const source = this.#source;
    this.#sink.on("drain", () => source.resume());
    source.on("data", (chunk: Buffer) => this.#take(chunk));
    if (head.length > 0) this.#take(head);
    if (!this.#sink.writableNeedDrain || this.#sink.writableLength === 0) source.resume();
  }

  /**
   * Puts a close frame at the next boundary between frames, which may be now. If the source has sent one itself already, its own
   * stands.
   */
  putClose(frame: Buffer): void {
    if (this.#state.kind !== "passing" || this.tracker.closeCode !== undefined) return;
    if (this.tracker.atBoundary) this.#put(frame);
    else this.#state = { kind: "closing", frame };
  }

  /** Nothing more comes from the source: puts the frame if this is a boundary, and ends the sink. */
  finish(frame: Buffer | undefined): void {
    if (frame !== undefined && !this.shut && this.tracker.atBoundary && this.tracker.closeCode === undefined)
      this.#put(frame);
    this.shutDown();
  }

  /** Ends the sink behind what it was given; what still comes is dropped. */
  shutDown(): void {
    this.#state = { kind: "shut" };
    if (!this.#sink.writableEnded) this.#sink.end();
    // What is dropped needs no room.
    this.#source.resume();
  }

  #take(chunk: Buffer): void {
    this.bytes += chunk.length;
    const before = this.tracker.messages;
    if (this.#state.kind === "passing") {
      this.tracker.read(chunk);
      this.#write(chunk);
    } else {
      this.#takeClosing(chunk);
    }
    this.#count(chunk.length, this.tracker.messages - before);
    this.onClosingChunk?.();
  }

  #takeClosing(chunk: Buffer): void {
    if (this.#state.kind !== "closing") return this.tracker.read(chunk);
    const taken = this.tracker.readToBoundary(chunk);
    this.#write(chunk.subarray(0, taken));
    if (!this.tracker.atBoundary) return;
    if (this.tracker.closeCode === undefined) this.#put(this.#state.frame);
    else this.#state = { kind: "shut" };
    if (taken < chunk.length) this.tracker.read(chunk.subarray(taken));
  }

  /** A large chunk that the kernel took whole at once needs no pause, though `write` asks for one. */
  #write(chunk: Buffer): void {
    if (!this.#sink.write(chunk) && this.#sink.writableLength > 0) this.#source.pause();
  }

  #put(frame: Buffer): void {
    this.#sink.write(frame);
    this.#state = { kind: "shut" };
    this.#source.resume();
  }
}
