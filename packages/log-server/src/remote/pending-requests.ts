import { HawserError } from "@hawser/protocol";
import type { Answer } from "../wire/answers.ts";
import { WireError } from "../wire/wire-error.ts";
import { unavailable } from "./reconnecting-link.ts";

type Kind = "outcomes" | "head" | "page";
type AnswerOf<K extends Kind> = Extract<Answer, { type: K }>;

interface Pending {
  readonly kind: Kind;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** Requests that wait for their answers. */
export class PendingRequests {
  readonly #maxRequests: number;
  readonly #pending = new Map<number, Pending>();
  #onEmpty: (() => void) | undefined;
  #appends = 0;
  #id = 0;

  constructor(maxRequests: number) {
    this.#maxRequests = maxRequests;
  }

  get nextId(): number {
    return (this.#id += 1);
  }

  /** `maxRequests` wait that are no appends. */
  get isFull(): boolean {
    return this.#pending.size - this.#appends >= this.#maxRequests;
  }

  /** The answer to a request that is sent now. Rejects with what the server says, or when the link breaks. */
  answer<K extends Kind>(id: number, kind: K): Promise<AnswerOf<K>> {
    if (kind === "outcomes") this.#appends += 1;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { kind, resolve: (answer) => resolve(answer as AnswerOf<K>), reject });
    });
  }

  /** Throws `WireError` for an answer to nothing that was asked. */
  settle(answer: Extract<Answer, { type: Kind | "failed" }>): void {
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) throw new WireError(`an answer to ${answer.id}, which was not asked`);
    this.#remove(answer.id, pending);
    if (answer.type === "failed") {
      pending.reject(new HawserError(answer.code as HawserError["code"], answer.message, { retry: answer.retry }));
    } else if (answer.type === pending.kind) {
      pending.resolve(answer);
    } else {
      pending.reject(unavailable("the log server makes no sense"));
      throw new WireError(`${answer.type} to a request for ${pending.kind}`);
    }
  }

  /** Nothing that was asked will be answered. */
  fail(error: HawserError): void {
    for (const [id, pending] of this.#pending) {
      this.#remove(id, pending);
      pending.reject(error);
    }
  }

  /** Resolves when no append waits for its outcome. */
  appended(): Promise<void> {
    if (this.#appends === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onEmpty = resolve));
  }

  #remove(id: number, pending: Pending): void {
    this.#pending.delete(id);
    if (pending.kind !== "outcomes") return;
    this.#appends -= 1;
    if (this.#appends === 0) this.#onEmpty?.();
  }
}
