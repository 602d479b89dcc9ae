import type { ServerFrame } from "@hawser/protocol";
import { encodeFramed } from "../delivery/block.ts";
import type { Encoding } from "../delivery/block.ts";
import type { Source } from "../delivery/source.ts";
import type { NodeServices } from "../node-services.ts";
import type { Transport } from "../transport/transport.ts";
import type { Published } from "./client-context.ts";
import { Outgoing } from "./outgoing.ts";
import { SendWindow } from "./send-window.ts";

/** What the connections of a node have in common. */
export type WriterServices = Pick<NodeServices, "limits" | "windowLimits" | "turnTime" | "observer" | "now">;

/**
 * What a connection sends: replies and sources' pieces, joined in one write, as long as not too much is unconfirmed;
 * and the marks that ask the peer to confirm (section 8 of the specification).
 */
export class Writer {
  readonly #services: WriterServices;
  readonly #transport: Transport;
  readonly #encoding: Encoding;
  readonly #outgoing: Outgoing;
  readonly #window: SendWindow;

  constructor(services: WriterServices, transport: Transport, encoding: Encoding) {
    this.#services = services;
    this.#transport = transport;
    this.#encoding = encoding;
    this.#outgoing = new Outgoing(encoding);
    this.#window = new SendWindow(services.windowLimits, services.turnTime);
  }

  /** Whether anything may be sent now (FLOW-1). */
  get open(): boolean {
    return this.#window.open;
  }

  get empty(): boolean {
    return this.#outgoing.empty;
  }

  /** Whether a reply waits to be written. */
  get owesReplies(): boolean {
    return this.#outgoing.replies > 0;
  }

  get unconfirmedBytes(): number {
    return this.#window.unconfirmedBytes;
  }

  /** Monotonic milliseconds: since when the peer owes a confirmation. */
  get waitingSince(): number | undefined {
    return this.#window.waitingSince;
  }

  /** Whether there is room for a reply that is large. */
  get hasRoom(): boolean {
    return this.open && this.#outgoing.replyBytes < this.#services.limits.maxHistoryBytes;
  }

  /** A peer that asks on and on and takes no answer must not fill the memory of the node (FLOW-2). */
  get overrun(): boolean {
    const { maxRequests, maxReplyBytes } = this.#services.limits;
    const { replies, replyBytes } = this.#outgoing;
    return (replies > 4 * maxRequests || replyBytes > maxReplyBytes) && !this.open;
  }

  /** Goes out with the next flush, if it `stands` then. */
  reply(frame: ServerFrame, stands?: () => boolean): void {
    this.#outgoing.reply(frame, stands);
  }

  /** The same of a publish that the log has. */
  published(id: number, outcome: Published): void {
    this.#outgoing.published(id, outcome);
  }

  /** The source has, or may have, something for the next flush. */
  list(source: Source): void {
    this.#outgoing.list(source);
  }

  /** Goes out now, ahead of what waits; false, with nothing done, while too much is unconfirmed. */
  sendAhead(frame: ServerFrame): boolean {
    if (!this.open) return false;
    // Nothing goes ahead of `connected` (CON-3), which goes out with what answers the frames behind `connect`.
    if (this.#window.sentBytes === 0) this.flushReplies();
    this.write([encodeFramed(frame, this.#encoding)]);
    return true;
  }

  /** Replies, then one piece after the other while the window is open. @returns whether there were replies. */
  flush(): boolean {
    if (!this.#window.open) {
      this.mark();
      return false;
    }
    const now = this.#services.now();
    const pieces = this.owesReplies ? this.#outgoing.takeReplies(this.#services.limits.maxMessageBytes) : [];
    const replied = pieces.length > 0;
    let bytes = replied ? this.#count(pieces) : 0;
    const { burstBytes } = this.#window;
    while (bytes < burstBytes && this.#window.open) {
      const piece = this.#outgoing.takePiece(now);
      if (piece === undefined) break;
      pieces.push(piece);
      bytes += piece.byteLength;
      this.#window.sent(piece.byteLength);
    }
    this.#put(pieces, bytes, now);
    if (bytes >= burstBytes) this.#window.cut();
    return replied;
  }

  /** Replies alone, now. */
  flushReplies(): void {
    this.write(this.#outgoing.takeReplies(this.#services.limits.maxMessageBytes));
  }

  write(pieces: readonly Uint8Array[]): void {
    this.#put(pieces, this.#count(pieces), this.#services.now());
  }

  #count(pieces: readonly Uint8Array[]): number {
    let bytes = 0;
    for (const piece of pieces) bytes += piece.byteLength;
    this.#window.sent(bytes);
    return bytes;
  }

  /**
   * One raw write, unless it is so much that the peer has to confirm on the way: confirmed all at once, it would be followed
   * by as much in one burst.
   */
  #put(pieces: readonly Uint8Array[], bytes: number, now: number): void {
    if (pieces.length === 0) return;
    const { observer } = this.#services;
    const transport = this.#transport;
    let sentBytes = this.#window.sentBytes - bytes;
    const ahead = this.#window.takeMarkAhead(sentBytes, now);
    if (ahead !== undefined) transport.mark(ahead);
    let written = 0;
    for (let index = 0; index < pieces.length; index += 1) {
      sentBytes += pieces[index]!.byteLength;
      const mark = this.#window.takeMark(now, false, sentBytes);
      if (mark === undefined) continue;
      const isAll = written === 0 && index + 1 === pieces.length;
      transport.write(isAll ? pieces : pieces.slice(written, index + 1), true);
      transport.mark(mark);
      written = index + 1;
    }
    if (written < pieces.length) transport.write(written === 0 ? pieces : pieces.slice(written));
    observer.sent(bytes);
  }

  /** Asks the peer to confirm, if that is due. */
  mark(force = false): void {
    const mark = this.#window.takeMark(this.#services.now(), force);
    if (mark !== undefined) this.#transport.mark(mark);
  }

  confirmed(id: number): void {
    this.#window.confirmed(id, this.#services.now());
  }

  clear(): void {
    this.#outgoing.clear();
  }
}
