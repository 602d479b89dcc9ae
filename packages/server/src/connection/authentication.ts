import { HawserError } from "@hawser/protocol";
import type { Identity } from "../auth/identity.ts";
import type { NodeServices } from "../node-services.ts";
import type { Peer } from "../transport/transport.ts";

/** Asks the application who a client is: one token after the other, each in bounded time. */
export class Authentication {
  readonly #services: NodeServices;
  readonly #peer: Peer;
  /** The question that was asked last, while it is open. */
  #last: Promise<unknown> | undefined;
  /** Ends the question that is open. */
  #abandon: (() => void) | undefined;
  #closed = false;

  constructor(services: NodeServices, peer: Peer) {
    this.#services = services;
    this.#peer = peer;
  }

  /**
   * Who the token says it is, or why that is not known. In the order of the questions, so that an older token never
   * takes the place of a newer one. Never rejects; the application's own errors stay in the log.
   */
  identify(token: string, session: string): Promise<Identity | HawserError> {
    const before = this.#last ?? Promise.resolve();
    const answer = before.then(() => this.#bounded(token, session));
    this.#last = answer;
    void answer.then(() => {
      if (this.#last === answer) this.#last = undefined;
    });
    return answer;
  }

  /** The connection is gone: who waits is answered at once, and no timer is left. */
  close(): void {
    this.#closed = true;
    this.#abandon?.();
  }

  #bounded(token: string, session: string): Promise<Identity | HawserError> {
    const { timers, limits, logger } = this.#services;
    if (this.#closed) return Promise.resolve(gone);
    return new Promise((resolve) => {
      const deadline = timers.after(limits.authenticateTimeoutMs, () => {
        logger.error({ session }, `authenticate did not answer within ${limits.authenticateTimeoutMs} ms`);
        resolve(new HawserError("internal", "The server did not authenticate in time. Try again.", { retry: true }));
      });
      const abandon = (): void => {
        deadline.cancel();
        resolve(gone);
      };
      this.#abandon = abandon;
      void this.#ask(token, session).then((answer) => {
        deadline.cancel();
        // A question that was answered too late is none of those that are open.
        if (this.#abandon === abandon) this.#abandon = undefined;
        resolve(answer);
      });
    });
  }

  async #ask(token: string, session: string): Promise<Identity | HawserError> {
    const { authenticate, clock, logger } = this.#services;
    try {
      const identity = await authenticate({ token, peer: this.#peer, session });
      const expired = identity.expiresAt !== undefined && identity.expiresAt <= clock.now();
      return expired
        ? new HawserError("token-expired", "The token has expired. Come with a fresh one.", { retry: true })
        : identity;
    } catch (error) {
      if (error instanceof HawserError) return error;
      logger.error({ session, error }, "authenticate failed");
      return new HawserError("internal", "The server could not authenticate. Try again.", { retry: true });
    }
  }
}

/** Read by nobody: the connection has ended. */
const gone = new HawserError("connection-lost", "The connection ended.");
