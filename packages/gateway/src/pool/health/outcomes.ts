import type { EjectionSettings } from "../pool-settings.ts";

/** Of how many connections a share is counted. */
const remembered = 20;

/** How the connections to a target went of late, and when it is to be left out for that. */
export class Outcomes {
  #options: EjectionSettings;
  #row = 0;
  #last: boolean[] = [];
  #ejections = 0;
  #lastUntil = Number.NEGATIVE_INFINITY;

  constructor(options: EjectionSettings) {
    this.#options = options;
  }

  /** From now on; what went well or wrong before still counts. */
  change(options: EjectionSettings): void {
    this.#options = options;
  }

  succeeded(): void {
    this.#row = 0;
    this.#note(true);
  }

  /** @returns whether it fails too often to be given more. */
  failed(): boolean {
    this.#row += 1;
    this.#note(false);
    const { ejectAfter, ejectShare } = this.#options;
    const failed = this.#last.filter((ok) => !ok).length;
    return this.#row >= ejectAfter || (this.#last.length === remembered && failed >= remembered * ejectShare);
  }

  /** Until when it is left out: twice as long as before, if that was a short while ago. */
  eject(now: number): number {
    const { ejectMs, maxEjectMs } = this.#options;
    this.#ejections = now - this.#lastUntil > maxEjectMs ? 1 : this.#ejections + 1;
    this.#row = 0;
    this.#last = [];
    this.#lastUntil = now + Math.min(maxEjectMs, ejectMs * 2 ** Math.min(30, this.#ejections - 1));
    return this.#lastUntil;
  }

  #note(ok: boolean): void {
    this.#last.push(ok);
    if (this.#last.length > remembered) this.#last.shift();
  }
}
