import type { PlacedRecord } from "../prefix/log-record.ts";
import type { PassedRecords } from "./passed-records.ts";

/** What this node has told the world of a log that it reads again, and how much of it is still there. */
export class Promised {
  readonly epoch: number;
  /** The records that were passed. */
  readonly passed: PassedRecords;
  /** The newest one of them. */
  readonly through: number;
  readonly #matched = new Set<number>();
  #wentBack: boolean;
  #isSuspended: boolean;

  constructor(epoch: number, passed: PassedRecords, wentBack: boolean) {
    this.epoch = epoch;
    this.passed = passed;
    this.through = passed.last?.offset ?? 0;
    this.#wentBack = wentBack;
    this.#isSuspended = wentBack;
  }

  /** A record is no longer where it was. */
  get wentBack(): boolean {
    return this.#wentBack;
  }

  /** Nothing is told until all was read: it went back, or what was found first is of an older epoch. */
  get isSuspended(): boolean {
    return this.#isSuspended;
  }

  suspend(): void {
    this.#isSuspended = true;
  }

  /** Reading begins once more. */
  again(wentBack: boolean): void {
    this.#wentBack ||= wentBack;
    this.#isSuspended ||= wentBack;
    this.#matched.clear();
  }

  /** A record was met, wherever that is. */
  compare({ offset, record }: PlacedRecord): void {
    if (this.passed.has(offset, record.id)) this.#matched.add(offset);
  }

  /** What was met above `offset` may have changed since, and is met again. */
  forgetAbove(offset: number): void {
    for (const matched of this.#matched) if (matched > offset) this.#matched.delete(matched);
  }

  /**
   * Through which offset the log is still the one that was read: all records that were passed through there are where they
   * were. One behind a record that is not proves nothing, since a broker may have put a copy of it at the same place.
   *
   * @param start the oldest offset that is left; what lies below it is not missed.
   */
  agreed(start: number): number {
    let agreed = 0;
    for (const offset of this.passed.offsets()) {
      if (offset < start) continue;
      if (!this.#matched.has(offset)) break;
      agreed = offset;
    }
    return agreed;
  }
}
