import type { Fetched } from "@hawser/log/broker";
import { HawserError } from "@hawser/protocol";
import type { Connection } from "../connection/nats-connection.ts";
import { recordOf } from "../message/record-message.ts";
import type { StoredMessage } from "../message/record-message.ts";
import { stateOf } from "../stream/stream-state.ts";
import type { StreamState } from "../stream/stream-state.ts";
import { readMessages, readNext } from "./read-messages.ts";

/** What was read from the broker itself, and of which stream. */
export interface ReadStored {
  readonly fetched: Fetched;
  readonly state: StreamState;
}

/**
 * Reads from `offset` on. Where the log begins and ends is what the stream's leader says; records may come from any
 * replica. One that lags behind the leader would look like a log that went back: what it does not have, the leader gives.
 */
export async function readStored(
  connection: Connection,
  stream: string,
  offset: number,
  maxCount: number,
): Promise<ReadStored> {
  const state = stateOf(await connection.manager.streams.info(stream));
  const from = Math.max(offset, state.start);
  if (from > state.end || maxCount < 1) return given([], state);
  const place = { connection, stream, isDirect: state.isDirect };
  const messages = await readMessages(place, from, Math.min(maxCount, state.end - from + 1));
  if (messages[0]?.sequence === from) return given(messages, state);
  const first = await readNext(place, from);
  if (first?.sequence === from) return given([first], state);
  // It was trimmed in the meantime; or there is a hole, or it went back, which the state says that is read after it.
  const later = stateOf(await connection.manager.streams.info(stream));
  if (first === undefined && later.created === state.created && from >= later.start && from <= later.end) {
    throw unreadable(stream, from, later);
  }
  return given(first === undefined ? [] : [first], later);
}

/** Seen with servers before 2.10, of a stream that was made while the files of a deleted one of its name were removed. */
function unreadable(stream: string, from: number, { start, end }: StreamState): HawserError {
  return new HawserError(
    "log-unavailable",
    `NATS stream ${stream} says that it has messages ${start} to ${end}, and has none from ${from} on: ` +
      "its files are gone. Delete it; the nodes make it anew.",
    { retry: true },
  );
}

function given(messages: readonly StoredMessage[], state: StreamState): ReadStored {
  return { fetched: { records: messages.map(recordOf), start: state.start, end: state.end }, state };
}
