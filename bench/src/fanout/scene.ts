/** Who reads what in a comparison. */
export interface Scene {
  readonly subscribers: number;
  readonly channels: number;
  /** How many of the channels each subscriber reads. */
  readonly channelsEach: number;
  readonly payloadBytes: number;
  /** Payloads are JSON, and what is sent is compressed. */
  readonly compressed?: boolean;
}

/** One publisher, and 1,000 subscribers of one channel. */
export const oneChannel: Scene = { subscribers: 1000, channels: 1, channelsEach: 1, payloadBytes: 100 };
