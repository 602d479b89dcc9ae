/** One way to keep messages in channels: Hawser's log on a broker, or the broker's own client. Payloads have 100 bytes. */
export interface Contender {
  readonly name: string;
  /** Appends so many to one of some channels, taking turns; resolves when each is acknowledged. */
  append(count: number): Promise<void>;
  /** Appends one to the channel that is followed; resolves when it is acknowledged. */
  appendFollowed(): Promise<void>;
  /** One more who reads that channel from its end on, as another process does. */
  follow(onMessage: () => void): Promise<void>;
  close(): Promise<void>;
}

/** A log, and what it is compared with. */
export interface LogUnderTest {
  /** Hawser's, first; then the broker's own client, where there is a broker. */
  readonly contenders: readonly Contender[];
  /** Ends what was started for it. */
  remove(): Promise<void>;
}

/** How a log comes to be measured. */
export interface LogEntry {
  readonly name: string;
  /** Starts what it needs; `undefined`, or why not, when it is not on this machine. */
  start(): Promise<LogUnderTest | { readonly missing: string }>;
}

/** Channels that appends take turns over. */
export const channelCount = 16;
/** The one that is followed. */
export const followedChannel = "followed";
export const payload: Uint8Array = new Uint8Array(100).fill(46);
