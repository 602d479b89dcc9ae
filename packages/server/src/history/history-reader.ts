import type { Log, Page } from "@hawser/log";
import { HawserError, isChannelName } from "@hawser/protocol";
import type { HistoryFrame } from "@hawser/protocol";
import type { ClientContext } from "../connection/client-context.ts";
import { forbidden, inboxOf } from "../connection/rights.ts";
import { readPage } from "./read-page.ts";
import type { PageLimits } from "./read-page.ts";

export interface HistoryReaderOptions {
  readonly client: ClientContext;
  readonly log: Log;
  readonly limits: PageLimits;
  /** Whether the connection has room for a page now. */
  readonly mayReply: () => boolean;
}

/** The history requests of one connection: one after the other, each when the one before has found room. */
export class HistoryReader {
  readonly #options: HistoryReaderOptions;
  readonly #client: ClientContext;
  #waiting: HistoryFrame[] = [];
  #reading = false;

  constructor(options: HistoryReaderOptions) {
    this.#options = options;
    this.#client = options.client;
  }

  /** Bounded by the requests that a connection may have in flight. */
  history(frame: HistoryFrame): void {
    this.#waiting.push(frame);
    this.proceed();
  }

  /** Goes on with what waits; called again when the connection has room. */
  proceed(): void {
    if (this.#reading || this.#client.closed || !this.#options.mayReply()) return;
    const frame = this.#waiting.shift();
    if (frame === undefined) return;
    this.#reading = true;
    void this.#answer(frame)
      .catch((error: unknown) => this.#fail(frame, error))
      .finally(() => {
        this.#reading = false;
        this.proceed();
      });
  }

  async #answer(frame: HistoryFrame): Promise<void> {
    const { rights } = this.#client;
    const { renewals } = rights;
    const name = await this.#authorized(frame);
    const page = await readPage(this.#options.log, name, frame, this.#options.limits);
    if (this.#client.closed) return;
    // The right may have been revoked while the log was asked.
    if (rights.renewals !== renewals) return this.#answer(frame);
    this.#reply(frame, page, () => rights.renewals === renewals || this.#again(frame));
  }

  /** Its page waited to be written, and the right that it was read with is no more. @returns false: it is not to be. */
  #again(frame: HistoryFrame): false {
    if (this.#client.requests.begin(frame.id) === "begun") this.#waiting.unshift(frame);
    else this.#client.report("history", `request ${frame.id} could not be begun again`);
    return false;
  }

  async #authorized(frame: HistoryFrame): Promise<string> {
    const { rights } = this.#client;
    if (frame.channel !== "$inbox" && !isChannelName(frame.channel)) {
      throw new HawserError("channel-invalid", `${JSON.stringify(frame.channel)} is not a channel name.`);
    }
    if (frame.channel !== "$inbox" && frame.channel.startsWith("$")) throw forbidden("history", frame.channel);
    const name = frame.channel === "$inbox" ? inboxOf(rights.identity.user) : frame.channel;
    if (!(await rights.may("history", name))) throw forbidden("history", frame.channel);
    return name;
  }

  #reply(frame: HistoryFrame, page: Page, stands: () => boolean): void {
    const { epoch, floor, interval, entries: messages, more } = page;
    this.#client.answer(frame.id, { type: "page", id: frame.id, epoch, floor, ...interval, messages, more }, stands);
  }

  #fail(frame: HistoryFrame, error: unknown): void {
    if (error instanceof HawserError) {
      this.#client.refuse(frame.id, error);
      return;
    }
    this.#client.report("history", error);
    this.#client.refuse(
      frame.id,
      new HawserError("internal", "The server could not read the history. Try again.", { retry: true }),
    );
  }
}
