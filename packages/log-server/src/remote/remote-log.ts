import { assert, HawserError } from "@hawser/protocol";
import { FeedPump } from "@hawser/log";
import type {
  Append,
  AppendOutcome,
  Follower,
  FollowHandlers,
  Head,
  Log,
  LogCapabilities,
  LogOpenOptions,
  Page,
  ReadOptions,
} from "@hawser/log";
import type { Answer } from "../wire/answers.ts";
import { encodeRequest } from "../wire/requests.ts";
import type { Request } from "../wire/requests.ts";
import { WireError } from "../wire/wire-error.ts";
import { FollowedChannel } from "./followed-channel.ts";
import { PendingRequests } from "./pending-requests.ts";
import { joinPages } from "./join-pages.ts";
import { ReconnectingLink, unavailable } from "./reconnecting-link.ts";
import { checkCapabilities, remoteSettings } from "./remote-options.ts";
import type { RemoteLogOptions, RemoteSettings } from "./remote-options.ts";
import { splitAppends } from "./split-appends.ts";
import type { AppendFrame } from "./split-appends.ts";

interface Open {
  readonly kind: "open";
  readonly link: ReconnectingLink;
  readonly options: LogOpenOptions;
}

type State = { readonly kind: "new" | "closed" } | { readonly kind: "opening"; readonly link: ReconnectingLink } | Open;

/** How long a channel that could not be followed again waits for the next try. */
const askAgainMs = 200;

/**
 * The log that a log server of this machine serves (`serveLog`): several processes share it. When the connection breaks it
 * comes back by itself, and followers go on where they stood; appends that had no answer, and all that is asked
 * meanwhile, fail with `log-unavailable`.
 *
 * The policies that count are those with which the served log was opened: give all processes the same.
 *
 * Throws `option-invalid`. Opening rejects with `log-unavailable` (nobody serves), `too-many-connections` (`maxClients`),
 * `option-invalid` (the served log promises less than was expected) or `log-foreign` (another version of the protocol).
 *
 * @example
 * ```ts
 * const server = createServer({ log: remoteLog({ socket: "/run/hawser/log.sock" }), authenticate: anonymous() });
 * ```
 */
export function remoteLog(options: RemoteLogOptions): Log {
  return new RemoteLog(remoteSettings(options));
}

class RemoteLog implements Log {
  readonly capabilities: LogCapabilities;
  readonly #settings: RemoteSettings;
  readonly #pending: PendingRequests;
  readonly #channels = new Map<string, FollowedChannel>();
  readonly #byId = new Map<number, FollowedChannel>();
  readonly #pump = new FeedPump();
  /** The largest frame that the server takes. */
  #maxRequestBytes = 0;
  #waitingBytes = 0;
  #state: State = { kind: "new" };

  constructor(settings: RemoteSettings) {
    this.#settings = settings;
    this.capabilities = settings.capabilities;
    this.#pending = new PendingRequests(settings.maxRequests);
  }

  async open(options: LogOpenOptions): Promise<void> {
    assert(this.#state.kind === "new", "a log is opened once");
    const { capabilities, maxFrameBytes, openTimeoutMs } = this.#settings;
    const link = new ReconnectingLink(this.#settings, options, {
      onWelcome: (welcome) => {
        checkCapabilities(capabilities, welcome.capabilities);
        this.#maxRequestBytes = Math.min(welcome.maxFrameBytes, maxFrameBytes);
      },
      onConnected: () => {
        for (const channel of this.#channels.values()) this.#followAgain(channel);
      },
      onAnswer: (answer) => this.#take(answer),
      onLost: () => this.#lost(),
    });
    this.#state = { kind: "opening", link };
    try {
      await link.open(openTimeoutMs);
    } catch (error) {
      this.#state = { kind: "closed" };
      throw error;
    }
    this.#state = { kind: "open", link, options };
  }

  async append(appends: readonly Append[]): Promise<readonly AppendOutcome[]> {
    const state = this.#state;
    if (state.kind !== "open") return appends.map(() => failed("the log is not open"));
    const frames = splitAppends(appends, this.#maxRequestBytes);
    const outcomes = await Promise.all(frames.map((frame) => this.#appendFrame(state.link, frame)));
    return outcomes.flat();
  }

  async head(channel: string): Promise<Head> {
    const id = this.#pending.nextId;
    const { head } = await this.#ask({ type: "head", id, channel }, "head");
    return head;
  }

  read(channel: string, after: number, options: ReadOptions): Promise<Page> {
    return joinPages(options, false, async (page, left) => {
      const at = page?.interval.to ?? Math.max(0, after);
      return (await this.#ask({ type: "read", id: this.#pending.nextId, channel, at, options: left }, "page")).page;
    });
  }

  readBackward(channel: string, through: number, options: ReadOptions): Promise<Page> {
    return joinPages(options, true, async (page, left) => {
      const at = page?.interval.from ?? Math.max(0, Math.min(through, Number.MAX_SAFE_INTEGER));
      const request = { type: "read-backward", id: this.#pending.nextId, channel, at, options: left } as const;
      return (await this.#ask(request, "page")).page;
    });
  }

  async follow(name: string, handlers: FollowHandlers): Promise<Follower> {
    const open = this.#requireOpen();
    const known = this.#channels.get(name);
    const channel = known ?? this.#newChannel(open, name);
    channel.hold();
    try {
      channel.opening ??= this.#follow(channel);
      await channel.opening;
      // It stands where its followers stand; a new one begins at the end.
      if (known !== undefined) await channel.reached(await this.head(name));
      this.#requireOpen();
    } catch (error) {
      channel.release();
      throw error;
    }
    return channel.join(handlers);
  }

  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: "closed" };
    for (const channel of this.#channels.values()) channel.close();
    this.#pump.clear();
    this.#channels.clear();
    this.#byId.clear();
    if (state.kind === "open") await this.#pending.appended();
    if (state.kind === "open" || state.kind === "opening") state.link.close();
    this.#pending.fail(new HawserError("log-closed", "the log was closed"));
  }

  async #appendFrame(link: ReconnectingLink, { appends, size }: AppendFrame): Promise<readonly AppendOutcome[]> {
    const fail = (message: string): AppendOutcome[] => appends.map(() => failed(message));
    if (size > this.#maxRequestBytes) return [tooLarge];
    if (!link.connected) return fail("there is no connection to the log server");
    if (this.#waitingBytes + size > this.#settings.maxWaitingBytes) {
      return fail("maxWaitingBytes of appends wait for the log server");
    }
    const id = this.#pending.nextId;
    const answer = this.#pending.answer(id, "outcomes");
    link.send(encodeRequest({ type: "append", id, appends }));
    this.#waitingBytes += size;
    try {
      const { outcomes } = await answer;
      return outcomes.length === appends.length ? outcomes : fail("the log server left out outcomes");
    } catch (error) {
      return fail((error as Error).message);
    } finally {
      this.#waitingBytes -= size;
    }
  }

  #ask<Kind extends "head" | "page">(request: Extract<Request, { id: number }>, kind: Kind) {
    const { link } = this.#requireOpen();
    if (!link.connected) return Promise.reject(unavailable("there is no connection to the log server"));
    if (this.#pending.isFull)
      return Promise.reject(unavailable("maxRequests of this remote log wait for their answers"));
    const answer = this.#pending.answer(request.id, kind);
    link.send(encodeRequest(request));
    return answer;
  }

  #newChannel({ options }: Open, name: string): FollowedChannel {
    const channel = new FollowedChannel({
      name,
      pump: this.#pump,
      onFollowerError: (error) => options.onFollowerError?.(error, name),
      onUnused: () => this.#forget(channel),
    });
    this.#channels.set(name, channel);
    return channel;
  }

  async #follow(channel: FollowedChannel): Promise<void> {
    const id = this.#pending.nextId;
    channel.id = id;
    this.#byId.set(id, channel);
    const request = { type: "follow", id, channel: channel.name, resume: channel.position } as const;
    await this.#ask(request, "head");
  }

  /** Goes on where the channel stood: the server tells what was missed. */
  #followAgain(channel: FollowedChannel): void {
    if (channel.position === undefined) return;
    this.#follow(channel).then(
      () => channel.available(true),
      () => {
        const state = this.#state;
        if (state.kind !== "open" || !state.link.connected) return;
        this.#byId.delete(channel.id);
        state.options.timers.after(askAgainMs, () => {
          const isLeft = state.link.connected && this.#channels.get(channel.name) === channel;
          if (isLeft && !this.#byId.has(channel.id)) this.#followAgain(channel);
        });
      },
    );
  }

  #forget(channel: FollowedChannel): void {
    if (this.#channels.get(channel.name) !== channel) return;
    this.#channels.delete(channel.name);
    if (!this.#byId.delete(channel.id) || this.#state.kind !== "open") return;
    this.#state.link.send(encodeRequest({ type: "unfollow", id: channel.id }));
  }

  #take(answer: Answer): void {
    switch (answer.type) {
      case "head":
        // Before its promise is heard: what follows on it may stand in the same bytes.
        this.#byId.get(answer.id)?.begin(answer.head);
        this.#pending.settle(answer);
        break;
      case "outcomes":
      case "page":
      case "failed":
        this.#pending.settle(answer);
        break;
      case "entries":
      case "floor":
      case "epoch":
      case "available":
        // One that was given up is told until the server knows it.
        this.#byId.get(answer.id)?.tell(answer);
        break;
      default:
        throw new WireError(`${answer.type}, which nobody waits for`);
    }
  }

  #lost(): void {
    this.#byId.clear();
    this.#pending.fail(unavailable("the connection to the log server broke, and the outcome is not known"));
    for (const channel of this.#channels.values()) channel.lost();
  }

  #requireOpen(): Open {
    if (this.#state.kind !== "open") throw new HawserError("log-closed", "the log is not open");
    return this.#state;
  }
}

const tooLarge: AppendOutcome = {
  kind: "failed",
  code: "log-full",
  message: "the append is larger than maxFrameBytes",
};

function failed(message: string): AppendOutcome {
  return { kind: "failed", code: "log-unavailable", message };
}
