import type { HawserError, Position } from "@hawser/protocol";
import { emit, TypedEventTarget } from "../events/typed-event-target.ts";

/** What a publish that was accepted resolves with. */
export interface Published {
  /** Where it stands in the channel; `undefined` when it is a duplicate whose place the log no longer knows. */
  readonly position: Position | undefined;
  /** The log had it already: an earlier attempt had reached it, and its answer was lost. */
  readonly duplicate: boolean;
}

/** How a publish ends that was not accepted. */
export type FailedState = "rejected" | "unknown" | "expired" | "cancelled";

/**
 * Where a publish stands. `queued`: not sent yet. `sent`: no answer yet. `accepted`: in the log. `rejected`: not in the
 * log. `unknown`: sent, and whether it is in the log cannot be known any more. `expired`: never sent, its time to live
 * has passed. `cancelled`: never sent, withdrawn by its signal, by a newer one (`superseded`), or by the client's `close`.
 */
export type PublicationState = "queued" | "sent" | "accepted" | FailedState;

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
  #admitted = Promise.resolve();
  #admit = (): void => {};

  get state(): PublicationState {
    return this.#state;
  }

  /**
   * Resolves when the publish has its place in the outbox, or has ended; never rejects. At once, unless the outbox is
   * full and `overflow` is "wait": await it to publish no faster than messages leave.
   */
  get admitted(): Promise<void> {
    return this.#admitted;
  }

  /** Why it was rejected or cancelled, has expired, or is unknown. */
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

  /** @internal It waits for room. */
  markWaiting(): void {
    this.#admitted = new Promise((resolve) => (this.#admit = resolve));
  }

  /** @internal It waits for room no more. */
  markAdmitted(): void {
    this.#admit();
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
  fail(state: FailedState, error: HawserError): void {
    if (this.#outcome.kind !== "open") return;
    const { waiting } = this.#outcome;
    this.#outcome = { kind: "failed", error };
    this.#admit();
    this.#enter(state);
    for (const waiter of waiting) waiter.reject(error);
  }

  #enter(state: PublicationState): void {
    if (this.#state === state) return;
    this.#state = state;
    emit<PublicationEvents, "state">(this, "state", { state });
  }
}
