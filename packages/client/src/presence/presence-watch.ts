import type { HawserError } from "@hawser/protocol";
import { Channel } from "../channel/channel.ts";
import { planOf } from "../channel/placement.ts";
import { emit, TypedEventTarget } from "../events/typed-event-target.ts";
import type { Link } from "../session/link.ts";
import { MemberMap } from "./member-map.ts";
import type { MemberChange, MemberFrame, PresenceMember } from "./member-map.ts";
import { presencePart } from "./presence-part.ts";
import type { PresenceEntry, PresencePart } from "./presence-part.ts";
import { StandingRequest } from "./standing-request.ts";

/** How a channel's members are watched. */
export interface WatchPresenceOptions {
  /** Be told how many there are, and not who: for channels with very many. Default false. */
  readonly countOnly?: boolean;
  /** Aborting it closes the watch. */
  readonly signal?: AbortSignal;
}

/** The events of a watch. */
export interface PresenceWatchEvents<State> {
  /** All who are there are known; what is told from here on are changes. */
  readonly ready: object;
  readonly join: { readonly member: PresenceMember<State> };
  readonly leave: { readonly member: PresenceMember<State> };
  readonly update: { readonly member: PresenceMember<State>; readonly former: PresenceMember<State> };
  readonly count: { readonly count: number };
  /** It is over: `error` is `undefined` after `close`. */
  readonly ended: { readonly error: HawserError | undefined };
}

interface Reader<State> {
  resolve(result: IteratorResult<ReadonlyMap<string, PresenceMember<State>>, undefined>): void;
  reject(error: HawserError): void;
}

/**
 * Who is in a channel, kept up to date over connections and nodes. Read `members`, listen to its events, or loop over it:
 * each step waits for a change since the one before, however many there were. Leaving a `for await` loop closes it.
 */
export class PresenceWatch<State = unknown>
  extends TypedEventTarget<PresenceWatchEvents<State>>
  implements AsyncIterable<ReadonlyMap<string, PresenceMember<State>>>, AsyncDisposable
{
  readonly channel: string;
  readonly #part: PresencePart;
  readonly #request: StandingRequest;
  readonly #entry: PresenceEntry;
  readonly #map: MemberMap<State>;
  readonly #signal: AbortSignal | undefined;
  readonly #readers: Reader<State>[] = [];
  #number: number | undefined;
  #user = "";
  #count = 0;
  #ready = false;
  /** Something changed that the loop has not seen. */
  #changed = false;
  #over: { error: HawserError | undefined } | undefined;

  /** Made by `watchPresence`. */
  constructor(channel: Channel, { countOnly = false, signal }: WatchPresenceOptions) {
    super();
    const { links, parts, placement, newBackoff } = Channel.contextOf(channel);
    this.channel = channel.name;
    this.#part = parts.get(presencePart);
    this.#map = new MemberMap((user, member) => user === this.#user && member === this.#part.member);
    this.#request = new StandingRequest({
      links,
      lane: planOf(placement).lane,
      timers: this.#part.context.ports.timers,
      backoff: newBackoff(),
      onPlace: (link, former) => this.#onPlace(link, former),
      build: (id) => ({ type: "watch", id, channel: this.channel, countOnly }),
      onReply: (frame) => {
        if (frame.type !== "watched") return;
        this.#number = frame.number;
        this.#map.begin();
      },
      onFailed: (error) => this.#end(error),
    });
    this.#entry = {
      place: () => this.#request.place(),
      unlink: (link) => this.#request.unlink(link),
      leave: () => this.#unwatch(),
      onFrame: (frame, link) => this.#onFrame(frame, link),
      end: (error) => this.#end(error),
    };
    this.#signal = signal;
    this.#part.add("presence", this.channel, this.#entry);
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (signal?.aborted) this.#onAbort();
  }

  /** Who is there, by `id`; empty with `countOnly`, and until `ready`. It is the watch's own map: it changes. */
  get members(): ReadonlyMap<string, PresenceMember<State>> {
    return this.#map.members;
  }

  /** How many there are, as far as it was told. */
  get count(): number {
    return this.#count;
  }

  /** Whether all who are there are known. It stays so while a connection is lost: then `members` are those of before. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Reads the members: at once when they are known, then after each change. */
  [Symbol.asyncIterator](): AsyncIterableIterator<ReadonlyMap<string, PresenceMember<State>>, undefined> {
    const iterator: AsyncIterableIterator<ReadonlyMap<string, PresenceMember<State>>, undefined> = {
      next: () =>
        new Promise((resolve, reject) => {
          this.#readers.push({ resolve, reject });
          this.#serve();
        }),
      return: async () => {
        await this.close();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** Ends it. */
  async close(): Promise<void> {
    this.#unwatch();
    this.#end(undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #onAbort = (): void => void this.close();

  #onPlace(link: Link, former: Link | undefined): void {
    this.#number = undefined;
    this.#user = link.welcome.user;
    former?.send({ type: "unwatch", channel: this.channel });
  }

  #onFrame(frame: MemberFrame, link: Link): void {
    if (link !== this.#request.link || frame.number !== this.#number) return;
    if (frame.type === "census") this.#onCensus(frame.count, frame.anew);
    else this.#tell(frame.type === "present" ? this.#map.present(frame) : this.#map.absent(frame));
  }

  #onCensus(count: number, anew: boolean): void {
    if (anew) return this.#map.begin();
    for (const change of this.#map.complete()) this.#tell(change);
    const first = !this.#ready;
    this.#ready = true;
    if (first) emit<PresenceWatchEvents<State>, "ready">(this, "ready", {});
    if (first || count !== this.#count) this.#tellCount(count);
  }

  /** Who is there at the beginning has not come just now, and is told by `ready`. */
  #tell(change: MemberChange<State> | undefined): void {
    if (change === undefined || !this.#ready) return;
    const { kind, ...fields } = change;
    emit(this as TypedEventTarget<PresenceWatchEvents<State>>, kind, fields as never);
    if (kind === "update") this.#onChange();
    else this.#tellCount(this.members.size);
  }

  #tellCount(count: number): void {
    this.#count = count;
    emit<PresenceWatchEvents<State>, "count">(this, "count", { count });
    this.#onChange();
  }

  #onChange(): void {
    this.#changed = true;
    this.#serve();
  }

  #serve(): void {
    if (this.#changed && this.#readers.length > 0) {
      this.#changed = false;
      this.#readers.shift()!.resolve({ done: false, value: this.members });
    }
    const over = this.#over;
    if (over === undefined) return;
    for (const reader of this.#readers.splice(0)) {
      if (over.error === undefined) reader.resolve({ done: true, value: undefined });
      else reader.reject(over.error);
      over.error = undefined;
    }
  }

  #unwatch(): void {
    this.#request.link?.send({ type: "unwatch", channel: this.channel });
  }

  #end(error: HawserError | undefined): void {
    this.#request.end();
    if (!this.#part.delete("presence", this.channel, this.#entry)) return;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#over = { error };
    emit<PresenceWatchEvents<State>, "ended">(this, "ended", { error });
    this.#serve();
  }
}
