import { joinFramed } from "../delivery/block.ts";
import type { Encoding } from "../delivery/block.ts";
import { Scheduler } from "../delivery/scheduler.ts";
import type { Source } from "../delivery/source.ts";
import type { ServerFrame } from "@hawser/protocol";
import type { Published } from "./client-context.ts";

interface Reply {
  readonly bytes: Uint8Array;
  /** Asked when it is written: whether it may be, still. */
  readonly stands: () => boolean;
}

/** The newest answers, as long as more may join them. */
interface Run {
  readonly id: number;
  readonly kind: Published["kind"];
  readonly epoch: number;
  readonly offset: number;
  following: number;
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
  #run: Run | undefined;
  readonly #scheduler = new Scheduler();

  constructor(encoding: Encoding) {
    this.#encoding = encoding;
  }

  get empty(): boolean {
    return this.replies === 0 && this.#scheduler.empty;
  }

  get replies(): number {
    return (this.#replies?.length ?? 0) + (this.#run === undefined ? 0 : 1);
  }

  get replyBytes(): number {
    return this.#replyBytes;
  }

  /** @param stands - Whether it may be written when its time has come; if not, nothing is. Default always. */
  reply(frame: ServerFrame, stands = always): void {
    this.#endRun();
    this.#push(frame, stands);
  }

  /** The answer to a publish: one frame for those whose numbers follow each other (PUB-15). */
  published(id: number, { kind, epoch, offset }: Published): void {
    const run = this.#run;
    const joins = run !== undefined && epoch !== 0 && run.epoch === epoch && run.kind === kind;
    if (joins && id === run.id + run.following + 1 && offset === run.offset + run.following + 1) {
      run.following += 1;
      return;
    }
    this.#endRun();
    this.#run = { id, kind, epoch, offset, following: 0 };
  }

  #endRun(): void {
    if (this.#run === undefined) return;
    const { id, kind, epoch, offset, following } = this.#run;
    this.#run = undefined;
    const position = epoch === 0 ? undefined : { epoch, offset };
    this.#push({ type: "published", id, position, duplicate: kind === "duplicate", following }, always);
  }

  #push(frame: ServerFrame, stands: () => boolean): void {
    const bytes = this.#encoding.codec.encode(frame);
    (this.#replies ??= []).push({ bytes, stands });
    this.#replyBytes += bytes.byteLength;
  }

  list(source: Source): void {
    this.#scheduler.add(source);
  }

  /** All replies as framed messages, none above `maxMessageBytes` unless one reply alone is. */
  takeReplies(maxMessageBytes: number): Uint8Array[] {
    this.#endRun();
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
    this.#run = undefined;
    this.#scheduler.clear();
  }
}
