/** What a client has counted since it was created. Messages and bytes are those of all its connections. */
export interface Statistics {
  /** Messages of channels that came, in batches and pages, with those that were dropped. */
  readonly messagesIn: number;
  /** Publishes that were sent, with those that were sent again. */
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Connections that were made. */
  readonly connects: number;
  /** Subscriptions that went on from their position on another connection. */
  readonly resumes: number;
  /** Messages that came again, and were not delivered again. */
  readonly duplicatesDropped: number;
  /** Batches that did not join on, and were asked for again. */
  readonly gaps: number;
  /** How often a channel's log was not the one that it was. */
  readonly resets: number;
  /** Intervals that could not be delivered. Offsets may have holes, so how many messages that were is not known. */
  readonly lost: number;
}

/** The counts of subscriptions, as they are kept. */
export interface ReceivingCounts {
  resumes: number;
  duplicatesDropped: number;
  gaps: number;
  resets: number;
  lost: number;
}
