import { HawserError } from "@hawser/protocol";
import type { Timers } from "@hawser/protocol";
import type { Logger } from "../observe/logger.ts";
import type { Authorize, AuthorizeRequest } from "./identity.ts";

export interface BoundedAuthorizeOptions {
  readonly timers: Timers;
  readonly timeoutMs: number;
  readonly logger: Logger;
}

/**
 * An `authorize` of the application that answers in bounded time, at once where the application does. What it throws
 * forbids.
 *
 * @returns a hook that never throws, and whose promises reject only with `internal` (retry), after `timeoutMs`.
 */
export function boundedAuthorize(authorize: Authorize, options: BoundedAuthorizeOptions): Authorize {
  return (request) => {
    try {
      const answer = authorize(request);
      return typeof answer === "boolean" ? answer : bounded(answer, request, options);
    } catch {
      return false;
    }
  };
}

function bounded(
  answer: Promise<boolean>,
  { verb, name, session }: AuthorizeRequest,
  { timers, timeoutMs, logger }: BoundedAuthorizeOptions,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const deadline = timers.after(timeoutMs, () => {
      logger.error({ session, verb, name }, `authorize did not answer within ${timeoutMs} ms`);
      reject(new HawserError("internal", "The server did not find the right in time. Try again.", { retry: true }));
    });
    const settle = (may: boolean): void => {
      deadline.cancel();
      resolve(may);
    };
    // A promise of another library's kind, or realm, is one too; what it gives must be true to the letter.
    Promise.resolve(answer).then(
      (value) => settle(value === true),
      () => settle(false),
    );
  });
}
