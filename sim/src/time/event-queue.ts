interface Scheduled {
  readonly at: number;
  readonly serial: number;
  callback: (() => void) | undefined;
}

/** Something that will happen; harmless to cancel when it has. */
export interface ScheduledEvent {
  cancel(): void;
}

/** What will happen, by time and then by the order in which it was scheduled: a binary heap. */
export class EventQueue {
  readonly #heap: Scheduled[] = [];
  #serial = 0;

  /** When the next event is; `undefined` when there is none. */
  get nextAt(): number | undefined {
    while (this.#heap.length > 0 && this.#heap[0]!.callback === undefined) this.#pop();
    return this.#heap[0]?.at;
  }

  add(at: number, callback: () => void): ScheduledEvent {
    const event: Scheduled = { at, serial: this.#serial++, callback };
    this.#heap.push(event);
    this.#rise(this.#heap.length - 1);
    return {
      cancel: () => {
        event.callback = undefined;
      },
    };
  }

  /** Takes the next event out; only when `nextAt` is not `undefined`. */
  take(): () => void {
    const callback = this.#heap[0]!.callback!;
    this.#pop();
    return callback;
  }

  #pop(): void {
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(start: number): void {
    const heap = this.#heap;
    let at = start;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (before(heap[above]!, heap[at]!)) return;
      [heap[above], heap[at]] = [heap[at]!, heap[above]!];
      at = above;
    }
  }

  #sink(start: number): void {
    const heap = this.#heap;
    let at = start;
    for (;;) {
      let least = at;
      for (const below of [2 * at + 1, 2 * at + 2]) {
        if (below < heap.length && before(heap[below]!, heap[least]!)) least = below;
      }
      if (least === at) return;
      [heap[least], heap[at]] = [heap[at]!, heap[least]!];
      at = least;
    }
  }
}

function before(one: Scheduled, other: Scheduled): boolean {
  return one.at === other.at ? one.serial < other.serial : one.at < other.at;
}
