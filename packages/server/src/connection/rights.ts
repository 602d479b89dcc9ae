import { HawserError } from "@hawser/protocol";
import { rightsOf } from "../auth/capabilities.ts";
import type { Authorize, Identity, Verb } from "../auth/identity.ts";

/** The user's own inbox: readable by him alone, and by capability of nobody. */
export function inboxOf(user: string): string {
  return `$user.${user}`;
}

type Answer = boolean | Promise<boolean>;

/** Answers of the hook that are remembered; past it all are forgotten. */
const maxAnswers = 4_096;

/**
 * What one connection's user may do. That the application's hook allowed a verb for a name is remembered until the
 * identity changes or the application says `refresh`. That it forbade is not: a right that is given counts with the next
 * request, on each of the user's connections alike.
 */
export class Rights {
  readonly #authorize: Authorize | undefined;
  readonly #session: string;
  #identity: Identity;
  #capable: ReturnType<typeof rightsOf>;
  /** What the hook allowed, and what it was asked and has not answered. */
  #answers: Map<string, true | Promise<boolean>> | undefined;
  #renewals = 0;

  /** @param authorize - As `boundedAuthorize` makes it. */
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
    this.#answers = undefined;
  }

  /**
   * At once where it is known, so that the usual publish waits for nothing. Rejects with `internal` when the hook does not
   * answer in its time; then the next who asks asks the hook.
   */
  may(verb: Verb, name: string): Answer {
    if (name.startsWith("$"))
      return name === inboxOf(this.#identity.user) && (verb === "subscribe" || verb === "history");
    if (!this.#capable(verb, name)) return false;
    if (this.#authorize === undefined) return true;
    const key = `${verb} ${name}`;
    const known = this.#answers?.get(key);
    if (known !== undefined) return known;
    const answer = this.#authorize({ verb, name, identity: this.#identity, session: this.#session });
    if (answer === false) return false;
    if (this.#answers === undefined || this.#answers.size >= maxAnswers) this.#answers = new Map();
    const answers = this.#answers;
    answers.set(key, answer);
    if (answer !== true) settle(answers, key, answer);
    return answer;
  }

  /** For what rests on a right that may be gone: that nothing is heard of it is a no. Never rejects. */
  mayStill(verb: Verb, name: string): Answer {
    const answer = this.may(verb, name);
    return typeof answer === "boolean" ? answer : answer.catch(() => false);
  }
}

function settle(answers: Map<string, true | Promise<boolean>>, key: string, answer: Promise<boolean>): void {
  const isCurrent = (): boolean => answers.get(key) === answer;
  answer.then(
    (may) => isCurrent() && (may ? answers.set(key, true) : answers.delete(key)),
    () => isCurrent() && answers.delete(key),
  );
}

export function forbidden(verb: Verb, name: string): HawserError {
  return new HawserError(
    "forbidden",
    `This user may not ${verb} ${JSON.stringify(name)}. Ask for the right, or another token.`,
  );
}
