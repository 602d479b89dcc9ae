import type { Clock, Ports, Random, Timer, Timers } from "@hawser/protocol";
import { beginsAt } from "./simulated-time.ts";
import type { SimulatedTime } from "./simulated-time.ts";

type State =
  | { readonly kind: "running" }
  /** The machine sleeps: what happens to it waits. Once it wakes, what waited comes first, and in its order. */
  | { readonly kind: "asleep" | "waking"; readonly backlog: (() => void)[] }
  | { readonly kind: "dead" };

/**
 * One process of the simulated world. All that reaches it, timers and the network's callbacks, comes through `run`: a
 * dead process hears nothing any more, and a sleeping one hears it all when it wakes.
 */
export class Process {
  readonly name: string;
  readonly ports: Ports;
  readonly #time: SimulatedTime;
  #state: State = { kind: "running" };
  #wallOffsetMs = 0;
  #timers = 0;

  constructor(name: string, time: SimulatedTime, random: Random) {
    this.name = name;
    this.#time = time;
    const clock: Clock = {
      now: () => Math.floor(beginsAt + time.now + this.#wallOffsetMs),
      monotonic: () => time.now,
    };
    const timers: Timers = {
      after: (delayMs, callback) => this.#after(delayMs, callback),
      soon: (callback) => time.soon(() => this.run(callback)),
    };
    this.ports = { clock, timers, random };
  }

  get alive(): boolean {
    return this.#state.kind !== "dead";
  }

  /** Timers that it waits for. */
  get timers(): number {
    return this.#timers;
  }

  get asleep(): boolean {
    return this.#state.kind === "asleep" || this.#state.kind === "waking";
  }

  /** Calls back now, when it wakes, or never. */
  run(callback: () => void): void {
    if (this.#state.kind === "running") callback();
    else if (this.#state.kind !== "dead") this.#state.backlog.push(callback);
  }

  sleep(): void {
    if (this.#state.kind === "running") this.#state = { kind: "asleep", backlog: [] };
    else if (this.#state.kind === "waking") this.#state = { kind: "asleep", backlog: this.#state.backlog };
  }

  wake(): void {
    if (this.#state.kind !== "asleep") return;
    this.#state = { kind: "waking", backlog: this.#state.backlog };
    this.#catchUp();
  }

  /** All that it was is gone. */
  kill(): void {
    this.#state = { kind: "dead" };
  }

  /** The wall clock jumps; the monotonic one does not. */
  stepClock(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** The wall clock is right again. */
  straightenClock(): void {
    this.#wallOffsetMs = 0;
  }

  #catchUp(): void {
    const state = this.#state;
    // It may have been killed, or sent to sleep again, in the middle of it.
    if (state.kind !== "waking") return;
    const next = state.backlog.shift();
    if (next === undefined) {
      this.#state = { kind: "running" };
      return;
    }
    next();
    this.#time.soon(() => this.#catchUp());
  }

  #after(delayMs: number, callback: () => void): Timer {
    let waits = true;
    this.#timers += 1;
    const end = (): void => {
      if (waits) this.#timers -= 1;
      waits = false;
    };
    const event = this.#time.after(delayMs, () =>
      this.run(() => {
        // While the process slept, what was due and waits can still be cancelled.
        if (!waits) return;
        end();
        callback();
      }),
    );
    return {
      cancel: () => {
        end();
        event.cancel();
      },
    };
  }
}
