import { HawserError } from "@hawser/protocol";

/** `log-unavailable`, to be tried again. */
export function unavailable(message: string): HawserError {
  return new HawserError("log-unavailable", message, { retry: true });
}
