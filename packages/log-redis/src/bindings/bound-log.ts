import type { Append, AppendOutcome, Follower, FollowHandlers, Head, LogOpenOptions, ReadOptions } from "@hawser/log";
import { readOnly } from "@hawser/log/broker";
import { failed, outcomeOf } from "../append/outcomes.ts";
import type { Arguments } from "../connection/connection.ts";
import type { Session } from "../connection/link.ts";
import { readPages } from "../read-pages.ts";
import type { AskForPage } from "../read-pages.ts";
import type { Operation, ScriptAnswer } from "../script/script-caller.ts";
import { channelRecordAt, headOf } from "../values/heads.ts";
import type { BoundStream } from "./bindings.ts";
import { BoundChannels } from "./bound-channels.ts";
import { boundPageOf } from "./bound-page.ts";
import { idThrough } from "./stream-offsets.ts";

interface BoundLogOptions {
  readonly maxBound: number;
  readonly ports: LogOpenOptions;
  readonly call: (operation: Operation, more: Arguments) => Promise<ScriptAnswer>;
}

/** A page of a channel that is behind. */
const catchUpPage: ReadOptions = { maxCount: 512, maxBytes: 1024 * 1024 };

/** The channels whose streams other programs write. */
export class BoundLog {
  readonly #options: BoundLogOptions;
  readonly #channels: BoundChannels;
  /** The connection that waits, as the server numbers it. */
  #tailNumber: string | undefined;
  #session: Session | undefined;

  constructor(options: BoundLogOptions) {
    this.#options = options;
    this.#channels = new BoundChannels({
      maxBound: options.maxBound,
      ports: options.ports,
      head: (name, bound) => this.head(name, bound),
      read: (name, bound, after) => readPages(this.pagesOf(name, bound), "forward", after, catchUpPage),
      wake: () => this.#wake(),
    });
  }

  async head(name: string, bound: BoundStream): Promise<Head> {
    const { results, epochs } = await this.#options.call("bound-read", [name, bound.stream, "forward", "-", "0", "0"]);
    return headOf(channelRecordAt(results, 0), epochs);
  }

  pagesOf(name: string, bound: BoundStream): AskForPage {
    return async (direction, at, { maxCount, maxBytes }) => {
      const id = direction === "forward" ? `(${idThrough(at)}` : idThrough(at);
      const range = [direction, id, `${maxCount}`, `${maxBytes}`];
      return boundPageOf(await this.#options.call("bound-read", [name, bound.stream, ...range]), bound, direction, at);
    };
  }

  follow(name: string, bound: BoundStream, handlers: FollowHandlers): Promise<Follower> {
    return this.#channels.follow(name, bound, handlers);
  }

  async append(append: Append, { stream, mode, field }: BoundStream): Promise<AppendOutcome> {
    const { channel, producer, sequence, previous, payload } = append;
    if (mode !== "both" || field === undefined) return readOnly(channel);
    const { deduplicateMs } = this.#options.ports.policyOf(channel);
    const window = deduplicateMs <= 2 ** 52 ? `${deduplicateMs}` : "-1";
    const words = [channel, stream, field, window, "1", producer, `${sequence}`, `${previous}`];
    try {
      const { results, epoch } = await this.#options.call("bound-append", [...words, Buffer.from(payload.data)]);
      return outcomeOf(String(results[0]), epoch);
    } catch (error) {
      return failed((error as Error).message);
    }
  }

  /** Reads what is followed until the session ends, which rejects; without bindings it never settles. */
  async readFrom(session: Session): Promise<never> {
    if (session.tail === undefined) return new Promise<never>(() => {});
    this.#session = session;
    this.#tailNumber = String(await session.tail.send(["CLIENT", "ID"]));
    return this.#channels.read(session.tail);
  }

  /** Something may have been missed: the heads say what. */
  look(): void {
    this.#channels.look();
  }

  available(available: boolean): void {
    this.#channels.available(available);
  }

  close(): void {
    this.#channels.close();
  }

  #wake(): void {
    if (this.#tailNumber === undefined) return;
    // It answers by itself in a moment where that is not allowed.
    this.#session?.commands.send(["CLIENT", "UNBLOCK", this.#tailNumber]).catch(() => {});
  }
}
