/** What a message carries. `data` holds UTF-8 for `text` and for `json`, where it is a complete JSON text. */
export interface Payload {
  readonly kind: "bytes" | "text" | "json";
  readonly data: Uint8Array;
}

/** A place in a channel's log: everything at or below `offset` has been seen. Epochs are ordered. */
export interface Position {
  readonly epoch: number;
  readonly offset: number;
}

/** The half-open interval `(from, to]` of offsets. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** One entry of a channel's log. `payload` is `undefined` for a hole: an entry that exists but cannot be carried. */
export interface Message {
  readonly offset: number;
  readonly time: number;
  readonly payload: Payload | undefined;
  /** Conflation key; "" for none. */
  readonly key: string;
  /** The user who published it; "" for none (the application itself). */
  readonly publisher: string;
}
