import { HawserError, payloadOf } from "@hawser/protocol";
import type { Payload } from "@hawser/protocol";
import { Channel } from "../channel/channel.ts";
import { planOf } from "../channel/placement.ts";
import { emit, TypedEventTarget } from "../events/typed-event-target.ts";
import { presencePart } from "./presence-part.ts";
import type { PresenceEntry, PresencePart } from "./presence-part.ts";
import { StandingRequest } from "./standing-request.ts";

/** The events of a membership. */
export interface MembershipEvents {
  /** The channel has the member, with its newest state. */
  readonly entered: object;
  /** It is over: `error` is `undefined` after `close`. */
  readonly ended: { readonly error: HawserError | undefined };
}

/**
 * This client as a member of a channel, until it is closed: over whichever connection, on whichever node. Others see one
 * member, and see nothing of a connection that is lost and made again within the channel's grace time.
 */
export class Membership<State = unknown> extends TypedEventTarget<MembershipEvents> implements AsyncDisposable {
  readonly channel: string;
  /** By what others tell this client from the others of its user. */
  readonly member: string;
  /** Resolves when the channel has the member for the first time; rejects with what keeps it out for good. */
  readonly entered: Promise<void>;
  readonly #part: PresencePart;
  readonly #request: StandingRequest;
  readonly #entry: PresenceEntry;
  #state: State;
  #payload: Payload;
  #generation = 0;
  #settle!: { readonly resolve: () => void; readonly reject: (error: HawserError) => void };

  /** Made by `enterPresence`. */
  constructor(channel: Channel, state: State) {
    super();
    const { links, parts, placement, newBackoff } = Channel.contextOf(channel);
    this.channel = channel.name;
    this.#state = state;
    this.#payload = statePayloadOf(state);
    this.entered = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Whoever does not wait for it is told by `ended`.
    this.entered.catch(() => {});
    this.#part = parts.get(presencePart);
    this.member = this.#part.member;
    this.#request = new StandingRequest({
      links,
      lane: planOf(placement).lane,
      timers: this.#part.context.ports.timers,
      backoff: newBackoff(),
      onPlace: () => {
        this.#generation = this.#part.nextGeneration();
      },
      build: (id) => ({
        type: "enter",
        id,
        channel: this.channel,
        member: this.member,
        generation: this.#generation,
        payload: this.#payload,
      }),
      onReply: () => {
        this.#settle.resolve();
        emit<MembershipEvents, "entered">(this, "entered", {});
      },
      onFailed: (error) => this.#end(error),
    });
    this.#entry = {
      place: () => this.#request.place(),
      unlink: (link) => this.#request.unlink(link),
      leave: () => this.#leave(),
      end: (error) => this.#end(error),
    };
    this.#part.add("enter", this.channel, this.#entry);
  }

  /** What others see of this client. */
  get state(): State {
    return this.#state;
  }

  /**
   * Shows others another state. Of several in a row they may see only the last.
   *
   * @throws HawserError `payload-invalid` for what is not JSON.
   */
  update(state: State): void {
    this.#payload = statePayloadOf(state);
    this.#state = state;
    this.#request.again();
  }

  /** Leaves at once. */
  async close(): Promise<void> {
    this.#leave();
    this.#end(undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #leave(): void {
    this.#request.link?.send({ type: "leave", channel: this.channel, generation: this.#generation });
  }

  #end(error: HawserError | undefined): void {
    this.#request.end();
    if (!this.#part.delete("enter", this.channel, this.#entry)) return;
    this.#settle.reject(error ?? new HawserError("closed", `The membership of "${this.channel}" was closed`));
    emit<MembershipEvents, "ended">(this, "ended", { error });
  }
}

function statePayloadOf(state: unknown): Payload {
  const payload = payloadOf(state ?? null);
  if (payload.kind === "json") return payload;
  throw new HawserError("payload-invalid", "The state of a member is JSON");
}
