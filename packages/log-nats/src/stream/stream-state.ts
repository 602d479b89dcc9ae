import type { StreamInfo } from "@nats-io/jetstream";

/** What the leader of a stream says of it. */
export interface StreamState {
  /** The oldest sequence that is left; one past the newest when nothing is. */
  readonly start: number;
  /** The newest sequence; `start - 1` when nothing is left. */
  readonly end: number;
  /** When it was made: another one of the same name has another. */
  readonly created: string;
  /** The server that leads it; "" where there is but one. */
  readonly leader: string;
  /** Whether any replica may be asked for its messages. */
  readonly isDirect: boolean;
}

/** The state, out of the server's answer. A stream that never had a message answers 0 and 0. */
export function stateOf({ created, config, state, cluster }: StreamInfo): StreamState {
  const { first_seq, last_seq, messages } = state;
  const start = messages === 0 ? last_seq + 1 : first_seq;
  return {
    start,
    end: last_seq,
    created: String(created),
    leader: cluster?.leader ?? "",
    isDirect: config.allow_direct,
  };
}
