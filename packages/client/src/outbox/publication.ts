import type { HawserError, Position } from "@hawser/protocol";
import { emit, TypedEventTarget } from "../events/typed-event-target.ts";

/** What a publish that was accepted resolves with. */
export interface Published {
  /** Where it stands in the channel; `undefined` when it is a duplicate whose place the log no longer knows. */
  readonly position: Position | undefined;
  /** The log had it already: an earlier attempt had reached it, and its answer was lost. */
  readonly duplicate: boolean;
}

/**
 * Where a publish stands. `queued`: not sent yet. `sent`: no answer yet. `accepted`: in the log. `rejected`: not in the
 * log. `unknown`: sent, and whether it is in the log cannot be known any more. `cancelled`: never sent.
 */
export type PublicationState = "queued" | "sent" | "accepted" | "rejected" | "unknown" | "cancelled";

/** The events of a publication. */
export interface PublicationEvents {
  readonly state: { readonly state: PublicationState };
}

type Outcome =
  | { readonly kind: "open"; readonly waiting: { resolve(value: Published): void; reject(error: HawserError): void }[] }
  | { readonly kind: "accepted"; readonly published: Published }
  | { readonly kind: "failed"; readonly error: HawserError };

/**
 * One publish under way. Await it for its place in the log; a rejected one throws a `HawserError`, `outcome-unknown`
 * when it ended as `unknown`. Not awaited, a failure disturbs nobody: watch `state` then.
 */
export class Publication extends TypedEventTarget<PublicationEvents> implements PromiseLike<Published> {
  #state: PublicationState = "queued";
  #outcome: Outcome = { kind: "open", waiting: [] };

  get state(): PublicationState {
    return this.#state;
  }

  /** Why it was rejected or cancelled, or is unknown. */
  get error(): HawserError | undefined {
    return this.#outcome.kind === "failed" ? this.#outcome.error : undefined;
  }

  then<Value = Published, Other = never>(
    onAccepted?: ((published: Published) => Value | PromiseLike<Value>) | null,
    onFailed?: ((error: HawserError) => Other | PromiseLike<Other>) | null,
  ): Promise<Value | Other> {
    return new Promise<Published>((resolve, reject) => {
      const outcome = this.#outcome;
      if (outcome.kind === "open") outcome.waiting.push({ resolve, reject });
      else if (outcome.kind === "accepted") resolve(outcome.published);
      else reject(outcome.error);
    }).then(onAccepted, onFailed);
  }

  /** @internal The outbox sent it, for the first time or again. */
  markSent(): void {
    this.#enter("sent");
  }

  /** @internal */
  accept(published: Published): void {
    if (this.#outcome.kind !== "open") return;
    const { waiting } = this.#outcome;
    this.#outcome = { kind: "accepted", published };
    this.#enter("accepted");
    for (const waiter of waiting) waiter.resolve(published);
  }

  /** @internal */
  fail(state: "rejected" | "unknown" | "cancelled", error: HawserError): void {
    if (this.#outcome.kind !== "open") return;
    const { waiting } = this.#outcome;
    this.#outcome = { kind: "failed", error };
    this.#enter(state);
    for (const waiter of waiting) waiter.reject(error);
  }

  #enter(state: PublicationState): void {
    if (this.#state === state) return;
    this.#state = state;
    emit<PublicationEvents, "state">(this, "state", { state });
  }
}
