import type { HawserError, ServerFrame } from "@hawser/protocol";
import type { Link } from "./link.ts";

/**
 * What works over a session's connections: subscriptions, the outbox, requests. The session tells it what happens; where
 * its streams go it asks of `Links`.
 */
export interface SessionPart {
  /** A connection stands, or is good again: what has none may take it. */
  onLink(link: Link): void;
  /** The connection is slow, stalled or about to be left: what can go elsewhere goes, and is there before it leaves. */
  onAvoid(link: Link): void;
  /** The connection is gone. */
  onUnlink(link: Link): void;
  /** A frame that answers no request. @returns whether it was for this part. */
  onFrame(frame: ServerFrame, link: Link): boolean;
  /** Connections have stood for a while: one that has many streams more than another may give some away. */
  onBalance?(): void;
  /** The application ends the session: what servers have to be told is told now. */
  onClosing?(): void;
  /** The session is over: by `close` (`undefined`), or because of an error that connecting again would not mend. */
  onEnd(error: HawserError | undefined): void;
}
