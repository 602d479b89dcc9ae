/** What went over one connection. Messages are those of channels: received in batches and pages, or published. */
export interface ConnectionCounters {
  messagesIn: number;
  messagesOut: number;
  bytesIn: number;
  bytesOut: number;
}

/** Counters that stand at zero. */
export function newCounters(): ConnectionCounters {
  return { messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0 };
}
