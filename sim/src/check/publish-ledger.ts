import type { Position } from "@hawser/protocol";
import type { DurableStore } from "../store/durable-store.ts";
import type { StoredChannel, StoredEntry } from "../store/stored-channel.ts";
import { isOfPresence } from "../store/presence-channels.ts";
import type { Report } from "./violation.ts";

/** How a publish ended, as its publisher was told. */
export type Outcome =
  | { readonly kind: "pending" }
  /** Its publisher is gone, and was told nothing. */
  | { readonly kind: "abandoned" }
  | { readonly kind: "accepted"; readonly position: Position | undefined }
  | { readonly kind: "rejected"; readonly code: string }
  | { readonly kind: "cancelled" }
  | { readonly kind: "unknown" };

/** One publish. */
export interface LedgerRow {
  /** Stands in the message itself. */
  readonly id: string;
  readonly channel: string;
  /** Who published it: one outbox. */
  readonly outbox: string;
  /** Rises with each publish of the outbox. */
  readonly number: number;
  outcome: Outcome;
}

/** What publishers were told, held against what is in the log. */
export class PublishLedger {
  readonly #rows = new Map<string, LedgerRow>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  get rows(): Iterable<LedgerRow> {
    return this.#rows.values();
  }

  get pending(): readonly LedgerRow[] {
    return [...this.#rows.values()].filter((row) => row.outcome.kind === "pending");
  }

  count(kind: Outcome["kind"]): number {
    let count = 0;
    for (const row of this.#rows.values()) if (row.outcome.kind === kind) count += 1;
    return count;
  }

  add(row: Omit<LedgerRow, "outcome">): LedgerRow {
    const added: LedgerRow = { ...row, outcome: { kind: "pending" } };
    this.#rows.set(row.id, added);
    return added;
  }

  /** The publisher's process is gone. */
  abandon(outbox: string): void {
    for (const row of this.#rows.values()) {
      if (row.outbox === outbox && row.outcome.kind === "pending") row.outcome = { kind: "abandoned" };
    }
  }

  /** Holds all of it against the store. */
  check(store: DurableStore): void {
    const inTheLog = new Set<string>();
    for (const channel of store.channels.filter(({ name }) => !isOfPresence(name)))
      for (const id of this.#checkChannel(channel)) inTheLog.add(id);
    for (const row of this.#rows.values()) this.#checkRow(row, store.channel(row.channel), inTheLog.has(row.id));
  }

  /** Each epoch's log holds each message at most once, and those of one outbox in its order, but what was given up as unknown. Returns what is in any. */
  #checkChannel(channel: StoredChannel): Set<string> {
    const found = new Set<string>();
    const takenBack = idsTakenBack(channel);
    for (const epoch of channel.epochs) {
      const once = new Set<string>();
      const last = new Map<string, LedgerRow>();
      for (const entry of channel.entriesIn(epoch, 0, Number.MAX_SAFE_INTEGER)) {
        const id = idOf(entry);
        if (once.has(id)) this.#report(`${id} is in ${channel.name} twice, the second time at ${entry.offset}`);
        once.add(id);
        found.add(id);
        const row = this.#rows.get(id);
        if (row === undefined) {
          this.#report(`${id} is in ${channel.name}, and nobody published it`);
          continue;
        }
        // What an older copy took back may come again, from a connection that was left, when nobody knows its producer any more.
        // What is unknown was given up, and may still come, behind what was published meanwhile, as soon as a log that had forgotten
        // its producer is replaced by a copy that has not, or knows it as new.
        if (takenBack.has(id) || row.outcome.kind === "unknown") continue;
        const before = last.get(row.outbox);
        if (before !== undefined && before.number > row.number) {
          this.#report(`${id} stands behind ${before.id} in ${channel.name}, which was published after it`);
        }
        last.set(row.outbox, row);
      }
    }
    return found;
  }

  #checkRow(row: LedgerRow, channel: StoredChannel, inTheLog: boolean): void {
    const { id, outcome } = row;
    switch (outcome.kind) {
      case "accepted": {
        if (outcome.position === undefined) {
          if (!inTheLog) this.#report(`${id} was reported accepted and is not in ${channel.name}`);
          return;
        }
        const { epoch, offset } = outcome.position;
        const entry = channel.epochs.includes(epoch) ? channel.entryAt(epoch, offset) : undefined;
        if (entry === undefined || idOf(entry) !== id) {
          const there = entry === undefined ? "nothing" : idOf(entry);
          this.#report(`${id} was reported accepted at ${offset} of ${channel.name}, where the log has ${there}`);
        }
        return;
      }
      case "rejected":
        if (inTheLog) this.#report(`${id} was reported rejected (${outcome.code}) and is in ${channel.name}`);
        return;
      case "cancelled":
        if (inTheLog) this.#report(`${id} was reported cancelled and is in ${channel.name}`);
        return;
      case "pending":
      case "abandoned":
      case "unknown":
        return;
    }
  }
}

/** Messages that were appended in an epoch, and again in one in which the former is not. */
function idsTakenBack(channel: StoredChannel): Set<string> {
  const last = channel.epochs.at(-1);
  const kept = new Set(last === undefined ? [] : channel.entriesIn(last, 0, Number.MAX_SAFE_INTEGER));
  const takenBack = new Set<string>();
  for (const epoch of channel.epochs) {
    for (const entry of channel.entriesIn(epoch, 0, Number.MAX_SAFE_INTEGER))
      if (!kept.has(entry)) takenBack.add(idOf(entry));
  }
  return takenBack;
}

/** The identity that the workload wrote into a message. */
function idOf(entry: StoredEntry): string {
  if (entry.payload === undefined) return "";
  const text = Buffer.from(entry.payload.data).toString("latin1");
  return /"id":"([^"]*)"/.exec(text)?.[1] ?? text;
}
