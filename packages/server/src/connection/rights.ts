import { HawserError } from "@hawser/protocol";
import { rightsOf } from "../auth/capabilities.ts";
import type { Authorize, Identity, Verb } from "../auth/identity.ts";

/** The user's own inbox: readable by him alone, and by capability of nobody. */
export function inboxOf(user: string): string {
  return `$user.${user}`;
}

type Answer = boolean | Promise<boolean>;

/**
 * What one connection's user may do. The application's hook is asked once per verb and name, until the identity
 * changes or the application says `refresh`.
 */
export class Rights {
  readonly #authorize: Authorize | undefined;
  readonly #session: string;
  #identity: Identity;
  #capable: ReturnType<typeof rightsOf>;
  #answers = new Map<string, Answer>();
  #renewals = 0;
  readonly #maxAnswers = 4_096;

  constructor(identity: Identity, session: string, authorize: Authorize | undefined) {
    this.#identity = identity;
    this.#capable = rightsOf(identity);
    this.#session = session;
    this.#authorize = authorize;
  }

  get identity(): Identity {
    return this.#identity;
  }

  /** How often rights were asked anew: whoever waited after asking compares, since what he was told may be void. */
  get renewals(): number {
    return this.#renewals;
  }

  /** Forgets what the hook said; with an identity, that one counts from now on. */
  renew(identity = this.#identity): void {
    // First, since it throws for patterns that are none: then the former rights stand.
    this.#capable = rightsOf(identity);
    this.#identity = identity;
    this.#renewals += 1;
    this.#answers = new Map();
  }

  /** At once where it is known, so that the usual publish waits for nothing. Never rejects. */
  may(verb: Verb, name: string): Answer {
    if (name === inboxOf(this.#identity.user)) return verb === "subscribe" || verb === "history";
    if (name.startsWith("$")) return false;
    if (!this.#capable(verb, name)) return false;
    if (this.#authorize === undefined) return true;
    const key = `${verb} ${name}`;
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    if (this.#answers.size >= this.#maxAnswers) this.#answers = new Map();
    const answer = this.#ask(verb, name, this.#authorize);
    this.#answers.set(key, answer);
    if (typeof answer !== "boolean") this.#settle(key, answer);
    return answer;
  }

  #ask(verb: Verb, name: string, authorize: Authorize): Answer {
    try {
      const answer = authorize({ verb, name, identity: this.#identity, session: this.#session });
      if (typeof answer === "boolean") return answer;
      // A promise of another library's kind, or realm, is one too; taken as it is, it would be no `Promise` here.
      return Promise.resolve(answer).then(
        (value) => value === true,
        () => false,
      );
    } catch {
      return false;
    }
  }

  #settle(key: string, answer: Promise<boolean>): void {
    const answers = this.#answers;
    void answer.then((value) => {
      if (answers.get(key) === answer) answers.set(key, value);
    });
  }
}

export function forbidden(verb: Verb, name: string): HawserError {
  return new HawserError(
    "forbidden",
    `This user may not ${verb} ${JSON.stringify(name)}. Ask for the right, or another token.`,
  );
}
