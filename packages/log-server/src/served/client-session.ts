import type { Append, AppendOutcome, Entry, Log } from "@hawser/log";
import type { Interval, Timer, Timers } from "@hawser/protocol";
import type { ServerLimits } from "../limits.ts";
import { leastFrameBytes } from "../limits.ts";
import type { Link, LinkHandlers } from "../link.ts";
import { encodeAnswer, encodeEntriesHeader } from "../wire/answers.ts";
import type { Answer, Failure, FollowerAnswer } from "../wire/answers.ts";
import type { EntryBlock, EntryBlocks } from "../wire/entry-blocks.ts";
import { FrameSplitter } from "../wire/frame-splitter.ts";
import { decodeRequest, maxHelloBytes, protocolVersion } from "../wire/requests.ts";
import type { FollowRequest, ReadRequest, Request } from "../wire/requests.ts";
import { WireError } from "../wire/wire-error.ts";
import { failureOf } from "./failure-of.ts";
import { FollowerQueue } from "./follower-queue.ts";
import { fitPage } from "./fit-page.ts";
import type { Outlet } from "./outlet.ts";
import { ServedFollower } from "./served-follower.ts";
import type { SharedBlocks } from "./shared-blocks.ts";

export interface ClientSessionOptions {
  readonly log: Log;
  readonly limits: ServerLimits;
  readonly timers: Timers;
  readonly blocks: SharedBlocks;
  /** Why this client is not served. */
  readonly refusal: Failure | undefined;
  readonly onClose: (session: ClientSession) => void;
}

/** Of a frame, what stands around the entries. */
const frameOverheadBytes = 256;

/** One remote log, as the server sees it: its requests, its followers, and what waits for it. */
export class ClientSession implements LinkHandlers, Outlet {
  readonly #options: ClientSessionOptions;
  readonly #link: Link;
  readonly #splitter = new FrameSplitter(maxHelloBytes);
  readonly #followers = new Map<number, ServedFollower>();
  readonly #queue: FollowerQueue;
  readonly #helloTimer: Timer;
  #greeted = false;
  /** The largest frame that the remote log takes. */
  #maxAnswerBytes = leastFrameBytes;
  #inFlight = 0;
  #inFlightBytes = 0;
  #appending = 0;
  #paused = false;
  #ending = false;
  #closed = false;

  constructor(link: Link, options: ClientSessionOptions) {
    this.#link = link;
    this.#options = options;
    this.#queue = new FollowerQueue(() => this.hasRoom, options.timers);
    this.#helloTimer = options.timers.after(options.limits.helloTimeoutMs, () => this.destroy());
  }

  /** Channels that it follows. */
  get followers(): number {
    return this.#followers.size;
  }

  get hasRoom(): boolean {
    return !this.#closed && this.#link.unsentBytes < this.#options.limits.maxUnsentBytes;
  }

  onBytes(bytes: Uint8Array): void {
    if (this.#closed || this.#ending) return;
    this.#splitter.push(bytes);
    this.#takeFrames();
  }

  onDrain(): void {
    // Requests first: followers that lag would take all the room, every time.
    this.#takeFrames();
    this.#queue.run();
  }

  onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#helloTimer.cancel();
    this.#splitter.clear();
    this.#queue.close();
    for (const follower of this.#followers.values()) follower.close();
    this.#followers.clear();
    this.#options.onClose(this);
  }

  /** Takes no more requests, and closes the link once the appends under way have their outcomes. */
  end(): void {
    this.#ending = true;
    this.#splitter.clear();
    for (const follower of this.#followers.values()) follower.close();
    this.#endIfDone();
  }

  destroy(): void {
    this.#link.destroy();
  }

  tell(answer: Exclude<FollowerAnswer, { type: "entries" }>): void {
    this.#send(answer);
  }

  tellEntries(id: number, block: EntryBlock): void {
    if (this.#closed) return;
    this.#link.write(encodeEntriesHeader(id, block));
    if (block.bytes.byteLength > 0) this.#link.write(block.bytes);
  }

  blocksOf(entries: readonly Entry[], interval: Interval): EntryBlocks {
    return this.#options.blocks.of(entries, interval, this.#maxAnswerBytes - frameOverheadBytes);
  }

  wake(follower: ServedFollower): void {
    this.#queue.add(follower);
  }

  wakeLater(follower: ServedFollower): void {
    this.#queue.addLater(follower);
  }

  readDone(): void {
    this.#queue.readDone();
  }

  /** Takes the requests that have come, unless too much is under way: then the link's own bounds hold the sender back. */
  #takeFrames(): void {
    try {
      while (!this.#closed && !this.#ending && this.#mayTake()) {
        const frame = this.#splitter.next();
        if (frame === undefined) break;
        this.#take(decodeRequest(frame), frame.byteLength);
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.destroy();
      return;
    }
    const mayTake = this.#mayTake();
    if (mayTake !== this.#paused) return;
    this.#paused = !mayTake;
    if (this.#paused) this.#link.pause();
    else this.#link.resume();
  }

  #mayTake(): boolean {
    const { maxInFlight, maxInFlightBytes } = this.#options.limits;
    return this.#inFlight < maxInFlight && this.#inFlightBytes < maxInFlightBytes && this.hasRoom;
  }

  #take(request: Request, size: number): void {
    if (request.type === "hello") {
      this.#greet(request.version, request.maxFrameBytes);
      return;
    }
    if (!this.#greeted) throw new WireError("a remote log says hello first");
    switch (request.type) {
      case "append":
        void this.#append(request.id, request.appends, size);
        break;
      case "head":
        this.#answer(request.id, size, async () => ({
          type: "head",
          id: request.id,
          head: await this.#options.log.head(request.channel),
        }));
        break;
      case "read":
      case "read-backward":
        this.#read(request);
        break;
      case "follow":
        this.#follow(request, size);
        break;
      case "unfollow":
        this.#followers.get(request.id)?.close();
        this.#followers.delete(request.id);
        break;
      case "ping":
        this.#send({ type: "pong" });
        break;
    }
  }

  #greet(version: number, maxFrameBytes: number): void {
    if (this.#greeted || maxFrameBytes < leastFrameBytes) throw new WireError("a second hello, or one of no use");
    this.#helloTimer.cancel();
    const { limits, log, refusal } = this.#options;
    const failure = version === protocolVersion ? refusal : versionFailure(version);
    if (failure !== undefined) {
      this.#send({ type: "refused", ...failure });
      this.end();
      return;
    }
    this.#greeted = true;
    this.#maxAnswerBytes = Math.min(maxFrameBytes, limits.maxFrameBytes);
    this.#splitter.maxFrameBytes = limits.maxFrameBytes;
    this.#send({ type: "welcome", maxFrameBytes: limits.maxFrameBytes, capabilities: log.capabilities });
  }

  /** Appends in the order of the frames: the log is called before anything is waited for. */
  async #append(id: number, appends: readonly Append[], size: number): Promise<void> {
    this.#begun(size);
    this.#appending += 1;
    let outcomes: readonly AppendOutcome[];
    try {
      outcomes = await this.#options.log.append(appends);
    } catch (error) {
      const { message } = failureOf(error);
      outcomes = appends.map(() => ({ kind: "failed", code: "log-unavailable", message }));
    }
    this.#send({ type: "outcomes", id, outcomes });
    this.#appending -= 1;
    this.#done(size);
    this.#endIfDone();
  }

  #read(request: ReadRequest): void {
    const { log, limits } = this.#options;
    const { type, id, channel, at } = request;
    const backward = type === "read-backward";
    const maxBytes = Math.min(request.options.maxBytes, limits.maxPageBytes);
    const options = { maxCount: request.options.maxCount, maxBytes };
    this.#answer(id, maxBytes, async () => {
      const page = await (backward ? log.readBackward(channel, at, options) : log.read(channel, at, options));
      return { type: "page", id, page: fitPage(page, backward, this.#maxAnswerBytes - frameOverheadBytes) };
    });
  }

  #follow({ id, channel, resume }: FollowRequest, size: number): void {
    const { log, limits } = this.#options;
    if (this.#followers.has(id)) throw new WireError("a follower of the same number");
    if (this.#followers.size >= limits.maxFollowers) {
      const message = `${channel} is one past maxFollowers of the log server`;
      this.#send({ type: "failed", id, code: "overloaded", message, retry: true });
      return;
    }
    const follower = new ServedFollower({ id, channel, log, outlet: this, resume });
    this.#followers.set(id, follower);
    this.#begun(size);
    void follower
      .open()
      .then(
        (head) => {
          this.#send({ type: "head", id, head });
          follower.begin();
        },
        (error: unknown) => {
          this.#followers.delete(id);
          this.#send({ type: "failed", id, ...failureOf(error) });
        },
      )
      .finally(() => this.#done(size));
  }

  #answer(id: number, size: number, answer: () => Promise<Exclude<Answer, { type: "entries" }>>): void {
    this.#begun(size);
    void answer()
      .catch((error: unknown): Answer => ({ type: "failed", id, ...failureOf(error) }))
      .then((given) => {
        if (given.type !== "entries") this.#send(given);
        this.#done(size);
      });
  }

  #begun(size: number): void {
    this.#inFlight += 1;
    this.#inFlightBytes += size;
  }

  #done(size: number): void {
    this.#inFlight -= 1;
    this.#inFlightBytes -= size;
    if (!this.#closed) this.#takeFrames();
  }

  #send(answer: Exclude<Answer, { type: "entries" }>): void {
    if (!this.#closed) this.#link.write(encodeAnswer(answer));
  }

  #endIfDone(): void {
    if (!this.#ending || this.#appending > 0 || this.#closed) return;
    this.#link.end();
    // A link that is not read does not see the other side close it.
    this.#link.resume();
  }
}

function versionFailure(version: number): Failure {
  const message = `the remote log speaks version ${version} of the protocol, and the log server ${protocolVersion}`;
  return { code: "log-foreign", message, retry: false };
}
