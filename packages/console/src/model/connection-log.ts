/** How an event of the connection is to be taken. */
export type EventTone = "good" | "plain" | "warning" | "bad";

/** One event of the connection, in words. */
export interface ConnectionEvent {
  readonly id: number;
  readonly time: number;
  readonly tone: EventTone;
  readonly text: string;
}

/** How many events the page holds. */
export const maxConnectionEvents = 50;

/** The last events of the connection, newest first. */
export class ConnectionLog {
  #events: readonly ConnectionEvent[] = [];
  #id = 0;

  get events(): readonly ConnectionEvent[] {
    return this.#events;
  }

  /** Adds an event, unless the newest one says the same: an attempt that fails again is no news. */
  add(time: number, tone: EventTone, text: string): void {
    if (this.#events[0]?.text === text) return;
    this.#id += 1;
    this.#events = [{ id: this.#id, time, tone, text }, ...this.#events].slice(0, maxConnectionEvents);
  }
}
