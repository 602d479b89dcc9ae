import type { LogPolicy } from "@hawser/log";
import { decodeChannel } from "../records/channel-record.ts";
import type { OldestEntry } from "../records/channel-record.ts";
import { channelNameOf, channelsEnd, channelsStart } from "../records/keys.ts";
import { RecordError } from "../records/record-reader.ts";
import type { StorePort } from "../store/store.ts";

/** Goes round all channels of the store, a bounded number at a time, and finds those whose oldest entry is too old. */
export class Sweep {
  readonly #store: StorePort;
  readonly #maxVisits: number;
  readonly #policyOf: (channel: string) => LogPolicy;
  /** Where the round goes on. */
  #from: Uint8Array = channelsStart;

  constructor(store: StorePort, maxVisits: number, policyOf: (channel: string) => LogPolicy) {
    this.#store = store;
    this.#maxVisits = maxVisits;
    this.#policyOf = policyOf;
  }

  /** Channels to trim, of the next part of the round. */
  next(moment: number): string[] {
    const rows = this.#store.rows(this.#from, channelsEnd, this.#maxVisits);
    const last = rows.at(-1);
    this.#from = last === undefined || rows.length < this.#maxVisits ? channelsStart : after(last.key);
    return rows.flatMap(({ key, value }) => {
      const name = channelNameOf(key);
      const oldest = oldestOf(value);
      return oldest !== undefined && moment - oldest.moment >= this.#policyOf(name).retainAgeMs ? [name] : [];
    });
  }
}

/** A damaged channel is told to whoever reads it; it does not keep the sweep from going on. */
function oldestOf(record: Uint8Array): OldestEntry | undefined {
  try {
    return decodeChannel(record).oldest;
  } catch (error) {
    if (error instanceof RecordError) return undefined;
    throw error;
  }
}

/** The least key above `key`. */
function after(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.byteLength + 1);
  next.set(key);
  return next;
}
