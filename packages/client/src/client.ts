import type {
  ChannelName,
  Contract,
  HawserError,
  MessageInputOf,
  MessageOf,
  MethodName,
  ReplyOf,
  RequestInputOf,
} from "@hawser/protocol";
import { call } from "./call/call.ts";
import type { CallOptions } from "./call/call.ts";
import { Channel } from "./channel/channel.ts";
import { SubscriptionTable } from "./channel/subscription-table.ts";
import { emit, TypedEventTarget } from "./events/typed-event-target.ts";
import { refuseOption } from "./option-invalid.ts";
import { resolveOptions } from "./options.ts";
import type { ClientOptions, ResolvedOptions } from "./options.ts";
import { Outbox } from "./outbox/outbox.ts";
import { AskTable } from "./session/ask-table.ts";
import { Backoff } from "./session/backoff.ts";
import { planOf } from "./channel/placement.ts";
import { Links } from "./session/links.ts";
import { PartSet } from "./session/part-set.ts";
import { Session } from "./session/session.ts";
import { newSessionId } from "./session/session-id.ts";
import type { ReceivingCounts, Statistics } from "./statistics.ts";
import { statusOf } from "./status.ts";
import type { ClientStatus } from "./status.ts";
import type { VirtualSocketOptions } from "./virtual-socket/options.ts";
import type { VirtualSocket } from "./virtual-socket/virtual-socket.ts";

/** The events of a client. */
export interface ClientEvents {
  /** The state changed, or that of a connection, or a round trip was measured. */
  readonly status: { readonly status: ClientStatus };
  /** What connecting again would not mend: the client is closed. */
  readonly error: { readonly error: HawserError };
}

/** One client's session with the service. See `createClient`. */
export class Client<C extends Contract | undefined = undefined>
  extends TypedEventTarget<ClientEvents>
  implements AsyncDisposable
{
  readonly #options: ResolvedOptions<C>;
  readonly #links = new Links();
  readonly #subscriptions = new SubscriptionTable(this.#links);
  readonly #outbox: Outbox;
  readonly #asks: AskTable;
  readonly #session: Session;
  readonly #parts: PartSet;
  readonly #counts: ReceivingCounts = { resumes: 0, duplicatesDropped: 0, gaps: 0, resets: 0, lost: 0 };

  /** @throws HawserError `option-invalid` */
  constructor(options: ClientOptions<C>) {
    super();
    this.#options = resolveOptions(options);
    const { ports, outbox, backoff, maxPendingRequests, placementOf } = this.#options;
    const links = this.#links;
    this.#outbox = new Outbox(outbox, ports, backoff, links, (channel) => planOf(placementOf(channel)).lane);
    this.#asks = new AskTable(links, ports.timers, () => ports.clock.monotonic(), maxPendingRequests);
    const parts = [this.#subscriptions, this.#outbox, this.#asks];
    this.#parts = new PartSet({ links, ports, session: () => this.#session }, parts);
    this.#session = new Session({
      ...this.#options,
      id: newSessionId(ports.random),
      links,
      newBackoff: () => new Backoff(backoff, ports.random),
      parts: this.#parts,
      onChange: () => this.#onChange(),
      onFatal: (error) => emit<ClientEvents, "error">(this, "error", { error }),
    });
    this.#session.start();
  }

  /** How the client is connected, now. */
  get status(): ClientStatus {
    return statusOf(this.#session, this.#links, this.#outbox.status);
  }

  /** What was counted since the client was created. */
  get statistics(): Statistics {
    const { connects, messagesIn, messagesOut, bytesIn, bytesOut } = this.#session.totals;
    return { messagesIn, messagesOut, bytesIn, bytesOut, connects, ...this.#counts };
  }

  /** The private channel of the connection's user. */
  get inbox(): Channel<MessageOf<C, "$inbox">, MessageInputOf<C, "$inbox">> {
    return this.channel("$inbox");
  }

  /**
   * A channel by its name. Nothing is sent for it.
   *
   * @throws HawserError `channel-invalid`
   */
  channel<const Name extends ChannelName<C> | (string & {})>(
    name: Name,
  ): Channel<MessageOf<C, Name>, MessageInputOf<C, Name>> {
    const { contract, windowBytes, ports, backoff, placementOf } = this.#options;
    const schema = contract?.channelSchema(name);
    return new Channel({
      name,
      check: schema && ((value) => contract!.check(schema, value)),
      subscriptions: this.#subscriptions,
      outbox: this.#outbox,
      asks: this.#asks,
      links: this.#links,
      parts: this.#parts,
      placement: placementOf(name),
      receiving: { windowBytes, timers: ports.timers, counts: this.#counts },
      newBackoff: () => new Backoff(backoff, ports.random),
    });
  }

  /**
   * Asks the server to run a method, and waits for its reply. Publishing to a channel is the verb for what must happen
   * exactly once; a call that is cut off fails with `outcome-unknown`, unless it is `idempotent`.
   */
  call<const Method extends MethodName<C> | (string & {})>(
    method: Method,
    request: RequestInputOf<C, Method>,
    options: CallOptions = {},
  ): Promise<ReplyOf<C, Method>> {
    return call(this.#asks, this.#options.contract, method, request, options);
  }

  /**
   * Opens a virtual socket: a `WebSocket` to an upstream of the gateway, over the connections of this client. It is there
   * for a client that was created with `openSocket`; without, the function of that name does the same.
   *
   * @throws HawserError `option-invalid` without that option; else as `openSocket` does.
   */
  openSocket(upstream: string, protocols?: string | readonly string[], options?: VirtualSocketOptions): VirtualSocket {
    const { openSocket } = this.#options;
    return (openSocket ?? refuseOption("openSocket", "an option of createClient"))(this, upstream, protocols, options);
  }

  /**
   * Cuts connections, and connects again at once.
   *
   * @param connectionId - Which of `status.connections`. Default all.
   */
  reconnect(connectionId?: number): void {
    this.#session.reconnect(connectionId);
  }

  /** Cuts every connection and stays away. Publishes are queued, subscriptions wait where they are. */
  goOffline(): void {
    this.#session.goOffline();
  }

  /** Connects at once: after `goOffline`, or instead of waiting longer. */
  goOnline(): void {
    this.#session.start();
  }

  /**
   * Asks the server for a sign of life: the round trip is measured anew, which a `status` event tells, and a connection
   * that is dead without having closed is found within five seconds.
   */
  probe(): void {
    this.#session.probe();
  }

  /**
   * Waits until all publishes have an outcome, for at most `closeTimeoutMs`, then ends everything: what was sent and
   * has no answer ends as `unknown`, what was never sent as `cancelled`.
   */
  async close(): Promise<void> {
    const { ports, closeTimeoutMs } = this.#options;
    const { kind } = this.#session.state;
    if (kind !== "offline" && kind !== "closed") {
      await new Promise<void>((resolve) => {
        const timer = ports.timers.after(closeTimeoutMs, resolve);
        void this.#outbox.whenEmpty().then(() => {
          timer.cancel();
          resolve();
        });
      });
    }
    for (const part of this.#parts) part.onClosing?.();
    this.#session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #onChange(): void {
    emit<ClientEvents, "status">(this, "status", { status: this.status });
  }
}

/**
 * Creates a client. It connects at once, and again by itself whenever the connection is lost.
 *
 * @example
 * const client = createClient({ url: "wss://example.com/hawser", token: () => fetchToken() });
 * for await (const message of client.channel("chat.general")) console.log(message.data);
 *
 * @throws HawserError `option-invalid`
 */
export function createClient<C extends Contract | undefined = undefined>(options: ClientOptions<C>): Client<C> {
  return new Client(options);
}
