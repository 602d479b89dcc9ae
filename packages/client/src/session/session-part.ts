import type { HawserError, ServerFrame } from "@hawser/protocol";
import type { Link } from "./link.ts";

/** What works over a session's connections: subscriptions, the outbox, requests. The session tells it what happens. */
export interface SessionPart {
  /** From now on this is the connection to use; say again what has to be said. The former one was taken away before. */
  onLink(link: Link): void;
  /** The connection is not to be used any more. */
  onUnlink(link: Link): void;
  /** A frame that answers no request. @returns whether it was for this part. */
  onFrame(frame: ServerFrame, link: Link): boolean;
  /** The session is over: by `close` (`undefined`), or because of an error that connecting again would not mend. */
  onEnd(error: HawserError | undefined): void;
}
