import { joinFramed } from "../delivery/block.ts";
import type { Encoding } from "../delivery/block.ts";
import { Scheduler } from "../delivery/scheduler.ts";
import type { Source } from "../delivery/source.ts";
import type { ServerFrame } from "@hawser/protocol";

interface Reply {
  readonly bytes: Uint8Array;
  /** Asked when it is written: whether it may be, still. */
  readonly stands: () => boolean;
}

const always = (): boolean => true;

/**
 * What a connection has to write, decided at the last moment: replies to its own requests, then one piece after the
 * other of the sources (subscriptions, watches) that have something, as its scheduler says. Nothing else is queued (FLOW-2).
 */
export class Outgoing {
  readonly #encoding: Encoding;
  /** `undefined`: none. */
  #replies: Reply[] | undefined;
  #replyBytes = 0;
  readonly #scheduler = new Scheduler();

  constructor(encoding: Encoding) {
    this.#encoding = encoding;
  }

  get empty(): boolean {
    return this.#replies === undefined && this.#scheduler.empty;
  }

  get replies(): number {
    return this.#replies?.length ?? 0;
  }

  get replyBytes(): number {
    return this.#replyBytes;
  }

  /** @param stands - Whether it may be written when its time has come; if not, nothing is. Default always. */
  reply(frame: ServerFrame, stands = always): void {
    const bytes = this.#encoding.codec.encode(frame);
    (this.#replies ??= []).push({ bytes, stands });
    this.#replyBytes += bytes.byteLength;
  }

  list(source: Source): void {
    this.#scheduler.add(source);
  }

  /** All replies as framed messages, none above `maxMessageBytes` unless one reply alone is. */
  takeReplies(maxMessageBytes: number): Uint8Array[] {
    const replies = this.#replies?.filter(({ stands }) => stands()) ?? [];
    this.#replies = undefined;
    this.#replyBytes = 0;
    if (replies.length === 0) return [];
    const messages: Uint8Array[] = [];
    let parts: Uint8Array[] = [];
    let bytes = 0;
    for (const { bytes: reply } of replies) {
      if (bytes + reply.byteLength > maxMessageBytes && parts.length > 0) {
        messages.push(joinFramed(parts, bytes, this.#encoding));
        parts = [];
        bytes = 0;
      }
      parts.push(reply);
      bytes += reply.byteLength;
    }
    messages.push(joinFramed(parts, bytes, this.#encoding));
    return messages;
  }

  /** One piece of the source whose turn it is; `undefined` when none has any now. */
  takePiece(now: number): Uint8Array | undefined {
    return this.#scheduler.take(now);
  }

  clear(): void {
    this.#replies = undefined;
    this.#replyBytes = 0;
    this.#scheduler.clear();
  }
}
