import { HawserError, parseJson, valueOf } from "@hawser/protocol";
import type { Message, Position } from "@hawser/protocol";
import { ListenerList } from "../events/listener-list.ts";
import { emit, TypedEventTarget } from "../events/typed-event-target.ts";
import type { HawserEvent, ListenerOptions } from "../events/typed-event-target.ts";
import type { ChannelReceiver } from "./channel-receiver.ts";
import { storedPosition } from "./start.ts";
import type { StoredPosition } from "./start.ts";
import { append } from "./stream-item.ts";
import type { LostEvent, ResetEvent, StreamItem, SubscribedEvent } from "./stream-item.ts";

/** One message of a channel. */
export interface ReceivedMessage<Data = unknown> {
  /** What was published: parsed JSON, a string, or a `Uint8Array`; with a contract, what its schema made of it. */
  readonly data: Data;
  readonly channel: string;
  /** Give it as `from` to go on behind this message, or as `before` or `after` to `history`. */
  readonly position: Position;
  /** When the log took it, in milliseconds since 1970. */
  readonly time: number;
  /** The user who published it; "" for the application itself. */
  readonly publisher: string;
  /** Conflation key; "" for none. */
  readonly key: string;
}

/** A message that the contract's schema refuses, or that cannot be carried. It is passed over. */
export interface InvalidEvent {
  readonly error: HawserError;
  readonly position: Position;
  /** What came; `undefined` when it could not be carried. */
  readonly data: unknown;
}

/** What a contract makes of a value, now or later; throws, or rejects, for one that it refuses. */
export type Check = (value: unknown) => unknown;

/** The subscription is over: `error` is `undefined` after `close`. */
export interface EndedEvent {
  readonly error: HawserError | undefined;
}

/** The events of a subscription, in the order of its stream. */
export interface SubscriptionEvents<Data> {
  readonly message: { readonly message: ReceivedMessage<Data> };
  readonly subscribed: SubscribedEvent;
  readonly lost: LostEvent;
  readonly reset: ResetEvent;
  readonly invalid: InvalidEvent;
  readonly ended: EndedEvent;
}

interface Reader<Data> {
  resolve(result: IteratorResult<ReceivedMessage<Data>, undefined>): void;
  reject(error: HawserError): void;
}

/** What a subscription needs to run; made by the channel. */
export interface SubscriptionOptions {
  readonly channel: string;
  readonly check: Check | undefined;
  readonly signal: AbortSignal | undefined;
  /** Makes the wire side, which pushes into this one. */
  readonly receiver: (unread: () => number, push: (item: StreamItem) => void) => ChannelReceiver;
  /** Called once, when it ends. */
  readonly onEnded: () => void;
}

type State =
  | { readonly kind: "open" }
  /** A message is with the schema; what is behind it waits. */
  | { readonly kind: "validating" }
  /** `error` is still to be thrown to a reader. */
  | { readonly kind: "ended"; error: HawserError | undefined };

/**
 * A subscription to a channel: the messages from where it started, each once, in the channel's order, across
 * connections and nodes. Read it with `for await`, by one reader, or listen to `message` events; what is not read
 * waits, here up to the credit window and then in the log. Leaving a `for await` loop closes it.
 */
export class Subscription<Data = unknown>
  extends TypedEventTarget<SubscriptionEvents<Data>>
  implements AsyncIterable<ReceivedMessage<Data>>, AsyncDisposable
{
  readonly channel: string;
  readonly #options: SubscriptionOptions;
  readonly #receiver: ChannelReceiver;
  readonly #items: StreamItem[] = [];
  readonly #readers: Reader<Data>[] = [];
  readonly #listeners = new ListenerList();
  #state: State = { kind: "open" };
  #unread = 0;
  #position: Position | undefined;
  /** Somebody listens to messages: they flow without being asked for. */
  #flowing = false;
  #iterated = false;

  /** Made by `Channel.subscribe`. */
  constructor(options: SubscriptionOptions) {
    super();
    this.channel = options.channel;
    this.#options = options;
    this.#receiver = options.receiver(
      () => this.#unread,
      (item) => this.#push(item),
    );
    this.#position = this.#receiver.position;
    options.signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (options.signal?.aborted) void this.close();
  }

  /**
   * Of what the application has read. It can be stored as JSON, and given as `from` to go on there. `undefined` until
   * the first grant of a subscription that did not start from a position.
   */
  get position(): StoredPosition | undefined {
    return this.#position && storedPosition(this.#position, this.#receiver.grant);
  }

  /** As with `EventTarget`. Listening to `message` makes the messages flow, unless a `for await` loop reads them. */
  override addEventListener<Name extends keyof SubscriptionEvents<Data> & string>(
    type: Name,
    listener: (event: HawserEvent & SubscriptionEvents<Data>[Name]) => void,
    options?: ListenerOptions,
  ): void {
    if (type !== "message") return super.addEventListener(type, listener, options);
    this.#listeners.add(listener, options);
    if (this.#flowing) return;
    this.#flowing = true;
    this.#drain();
  }

  override removeEventListener<Name extends keyof SubscriptionEvents<Data> & string>(
    type: Name,
    listener: (event: HawserEvent & SubscriptionEvents<Data>[Name]) => void,
  ): void {
    if (type === "message") this.#listeners.remove(listener);
    else super.removeEventListener(type, listener);
  }

  /**
   * Reads the messages. There is one reader.
   *
   * @throws HawserError `option-invalid` on a second call; `next` rejects with the error that ended the subscription.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<ReceivedMessage<Data>, undefined> {
    if (this.#iterated) {
      throw new HawserError(
        "option-invalid",
        `The subscription to "${this.channel}" has a reader: share what it reads`,
      );
    }
    this.#iterated = true;
    const iterator: AsyncIterableIterator<ReceivedMessage<Data>, undefined> = {
      next: () =>
        new Promise((resolve, reject) => {
          this.#readers.push({ resolve, reject });
          this.#drain();
        }),
      return: async () => {
        await this.close();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** Ends it: a `for await` loop ends, nothing is delivered any more. */
  async close(): Promise<void> {
    this.#end(undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #onAbort = (): void => this.#end(undefined);

  #push(item: StreamItem): void {
    if (this.#state.kind === "ended") return;
    if (item.kind === "message") this.#unread += item.cost;
    append(this.#items, item);
    this.#drain();
  }

  /** Hands on what waits, as far as somebody wants it: whatever stands before a message waits for nobody. */
  #drain(): void {
    while (this.#state.kind === "open") {
      const item = this.#items[0];
      // While a loop's body works on a message, what is behind that message has not happened yet.
      const wanted = this.#iterated ? this.#readers.length > 0 : this.#flowing || item?.kind !== "message";
      if (item === undefined || !wanted) break;
      this.#items.shift();
      this.#take(item);
    }
    if (this.#state.kind !== "ended") return;
    const { error } = this.#state;
    if (error !== undefined && this.#readers.length > 0) this.#state.error = undefined;
    for (const [index, reader] of this.#readers.splice(0).entries()) {
      if (error !== undefined && index === 0) reader.reject(error);
      else reader.resolve({ done: true, value: undefined });
    }
  }

  #take(item: StreamItem): void {
    if (item.kind === "message") return this.#takeMessage(item);
    if (item.kind === "ended") return this.#end(item.error);
    const { kind, ...fields } = item;
    if (item.kind !== "lost") this.#position = item.position;
    else this.#position = { epoch: item.epoch, offset: item.interval.to };
    if (kind !== "advance") emit(this as TypedEventTarget<SubscriptionEvents<Data>>, kind, fields as never);
  }

  #takeMessage({ message, text, epoch, cost }: StreamItem & { kind: "message" }): void {
    const position = { epoch, offset: message.offset };
    this.#unread -= cost;
    this.#receiver.renew();
    let data: unknown;
    try {
      if (message.payload === undefined) throw new HawserError("payload-invalid", "It cannot be carried");
      data = text === undefined ? valueOf(message.payload) : parseJson(text);
      const { check } = this.#options;
      const checked = check === undefined ? data : check(data);
      if (checked instanceof Promise) return this.#await(checked, message, position, data);
      data = checked;
    } catch (cause) {
      return this.#refuse(cause, position, data);
    }
    this.#deliver(message, position, data);
  }

  /** What is behind the message waits, too. */
  #await(checked: Promise<unknown>, message: Message, position: Position, data: unknown): void {
    const open = this.#state;
    this.#state = { kind: "validating" };
    const settle = (step: () => void): void => {
      if (this.#state.kind === "ended") return;
      this.#state = open;
      step();
      this.#drain();
    };
    checked.then(
      (value) => settle(() => this.#deliver(message, position, value)),
      (cause: unknown) => settle(() => this.#refuse(cause, position, data)),
    );
  }

  #refuse(cause: unknown, position: Position, data: unknown): void {
    this.#position = position;
    const error = cause instanceof HawserError ? cause : new HawserError("payload-invalid", String(cause), { cause });
    emit(this as TypedEventTarget<SubscriptionEvents<Data>>, "invalid", { error, position, data });
  }

  #deliver({ time, publisher, key }: Message, position: Position, data: unknown): void {
    this.#position = position;
    const message = { data: data as Data, channel: this.channel, position, time, publisher, key };
    if (this.#flowing) this.#listeners.call({ type: "message", message } as HawserEvent);
    if (this.#readers.length > 0) this.#readers.shift()!.resolve({ done: false, value: message });
  }

  #end(error: HawserError | undefined): void {
    if (this.#state.kind === "ended") return;
    this.#state = { kind: "ended", error };
    this.#items.length = 0;
    this.#unread = 0;
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#receiver.end();
    this.#options.onEnded();
    emit(this as TypedEventTarget<SubscriptionEvents<Data>>, "ended", { error });
    this.#drain();
  }
}
