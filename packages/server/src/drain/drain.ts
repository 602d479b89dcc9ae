import type { Clock, Timer, Timers } from "@hawser/protocol";
import type { DrainPlan } from "./drain-options.ts";
import { rotated } from "./endpoints.ts";

/** How far a drain is. `total` is the sum of `moved`, `closed` and `remaining`. */
export interface DrainProgress {
  /** Connections at its beginning. */
  readonly total: number;
  /** Connections that were told to move. */
  readonly told: number;
  /** Connections that their clients ended. */
  readonly moved: number;
  /** Connections that the server closed: at their deadline, or because they had no session yet. */
  readonly closed: number;
  /** Connections that are still there. */
  readonly remaining: number;
  /** Nobody is left. */
  readonly done: boolean;
}

/** What became of a connection in a drain, as metrics count it. */
export type MoveEvent = "told" | "moved" | "closed";

/** A connection as a drain sees it. */
export interface Movable {
  /** Tells the client to be elsewhere by a deadline; false when there is no client to tell yet. */
  move(deadlineMs: number, endpoints: readonly string[]): boolean;
  /** Its time is over: it ends soon, by the server. */
  dismiss(): void;
}

export interface DrainParts<Connection extends Movable> {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly connections: Iterable<Connection>;
  /** Where the one goes that is told after so many others. Default: the plan's endpoints, turned by one for each. */
  readonly endpointsOf?: (told: number) => readonly string[];
  readonly onMove: (event: MoveEvent) => void;
  readonly onDone: () => void;
}

/** After a pause of the process, so much of what was missed is made up for at once; the rest is put off. */
const mostCatchUpMs = 100;

/**
 * Lets the connections of a node go: tells one after the other to move, evenly over the time that there is, and dismisses
 * each that stays beyond its own deadline. One timer serves all. Those that leave untold leave their time to the others.
 */
export class Drain<Connection extends Movable> {
  readonly #parts: DrainParts<Connection>;
  readonly #waiting: Set<Connection>;
  /** With their deadlines, which rise. */
  readonly #told = new Map<Connection, number>();
  readonly #dismissed = new Set<Connection>();
  readonly #total: number;
  #toldCount = 0;
  #moved = 0;
  #closed = 0;
  #plan: DrainPlan;
  /** When the next one is told, and when the last one should have been. */
  #nextAt: number;
  #lastAt: number;
  #timer: Timer | undefined;

  constructor(parts: DrainParts<Connection>, plan: DrainPlan) {
    this.#parts = parts;
    this.#waiting = new Set(parts.connections);
    this.#total = this.#waiting.size;
    this.#plan = plan;
    this.#nextAt = parts.clock.monotonic();
    this.#lastAt = this.#nextAt + plan.overMs - plan.deadlineMs;
  }

  get progress(): DrainProgress {
    const remaining = this.#waiting.size + this.#told.size + this.#dismissed.size;
    const done = remaining === 0;
    return { total: this.#total, told: this.#toldCount, moved: this.#moved, closed: this.#closed, remaining, done };
  }

  /** Begins. */
  start(): void {
    if (this.#total === 0) this.#parts.onDone();
    else this.#proceed();
  }

  /** Who was not told yet is told by another plan from now on; who was, has no longer than that plan gives. */
  replan(plan: DrainPlan): void {
    if (this.progress.done) return;
    const now = this.#parts.clock.monotonic();
    this.#plan = plan;
    this.#nextAt = now;
    this.#lastAt = now + plan.overMs - plan.deadlineMs;
    for (const [connection, deadline] of this.#told)
      this.#told.set(connection, Math.min(deadline, now + plan.deadlineMs));
    this.#proceed();
  }

  /** A connection has ended, whoever ended it. One that came since the drain began is none of it. */
  forget(connection: Connection): void {
    if (this.#dismissed.delete(connection)) this.#count("closed");
    else if (this.#told.delete(connection) || this.#waiting.delete(connection)) this.#count("moved");
    else return;
    if (!this.progress.done) return;
    this.#timer?.cancel();
    this.#parts.onDone();
  }

  /** Tells and dismisses nobody any more. */
  stop(): void {
    this.#timer?.cancel();
    this.#waiting.clear();
    this.#told.clear();
  }

  #proceed(): void {
    this.#timer?.cancel();
    const now = this.#parts.clock.monotonic();
    this.#nextAt = Math.max(this.#nextAt, now - mostCatchUpMs);
    for (const connection of this.#waiting) {
      if (this.#nextAt > now) break;
      this.#nextAt += this.#intervalMs();
      this.#tell(connection, now);
    }
    for (const [connection, deadline] of this.#told) {
      if (deadline > now) break;
      this.#dismiss(connection);
    }
    const [firstDeadline = Number.POSITIVE_INFINITY] = this.#told.values();
    const next = this.#waiting.size > 0 ? Math.min(this.#nextAt, firstDeadline) : firstDeadline;
    if (next === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#parts.timers.after(Math.max(1, Math.ceil(next - now)), () => this.#proceed());
  }

  /** The time that is left, shared by those who wait; no shorter than the rate allows. */
  #intervalMs(): number {
    const { maxMovesPerSecond } = this.#plan;
    return Math.max(1_000 / maxMovesPerSecond, (this.#lastAt - this.#nextAt) / this.#waiting.size);
  }

  #tell(connection: Connection, now: number): void {
    const { deadlineMs, endpoints } = this.#plan;
    const { endpointsOf = (told: number) => rotated(endpoints, told) } = this.#parts;
    this.#waiting.delete(connection);
    // First, since telling may end it, and who has ended is forgotten once.
    this.#told.set(connection, now + deadlineMs);
    if (connection.move(deadlineMs, endpointsOf(this.#toldCount))) this.#count("told");
    else this.#dismiss(connection);
  }

  #dismiss(connection: Connection): void {
    this.#told.delete(connection);
    this.#dismissed.add(connection);
    connection.dismiss();
  }

  #count(event: MoveEvent): void {
    if (event === "told") this.#toldCount += 1;
    else if (event === "moved") this.#moved += 1;
    else this.#closed += 1;
    this.#parts.onMove(event);
  }
}
