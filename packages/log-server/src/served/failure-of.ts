import { HawserError } from "@hawser/protocol";
import type { Failure } from "../wire/answers.ts";

/** What a remote log is told of an error of the log. */
export function failureOf(error: unknown): Failure {
  const { message } = error as Error;
  // The remote log itself is open: it cannot reach the one behind.
  if (!(error instanceof HawserError) || error.code === "log-closed") {
    return { code: "log-unavailable", message: `the served log: ${message}`, retry: true };
  }
  return { code: error.code, message, retry: error.retry };
}
