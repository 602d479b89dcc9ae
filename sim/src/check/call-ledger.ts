import type { Process } from "../time/process.ts";
import type { Report } from "./violation.ts";

interface CallRow {
  readonly idempotent: boolean;
  readonly caller: Process;
  runs: number;
  settled: boolean;
}

/** Calls, as callers and handlers see them: each ends, and one that may run once does not run twice (CALL-4). */
export class CallLedger {
  readonly #rows = new Map<string, CallRow>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  /** Calls that nobody has answered, of callers that live. */
  get pending(): readonly string[] {
    return [...this.#rows].filter(([, row]) => !row.settled && row.caller.alive).map(([id]) => id);
  }

  begin(id: string, caller: Process, idempotent: boolean): void {
    this.#rows.set(id, { idempotent, caller, runs: 0, settled: false });
  }

  /** The handler runs. */
  run(id: string): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    row.runs += 1;
    if (row.runs > 1 && !row.idempotent) this.#report(`the call ${id} ran ${row.runs} times, and may run once`);
  }

  /** @param reply - what the caller got; `undefined` for an error. */
  end(id: string, reply: unknown): void {
    const row = this.#rows.get(id);
    if (row === undefined || !row.caller.alive) return;
    row.settled = true;
    if (reply === undefined) return;
    if (row.runs === 0) this.#report(`the call ${id} was answered and never ran`);
    if ((reply as { id?: unknown }).id !== id)
      this.#report(`the call ${id} got another's answer: ${JSON.stringify(reply)}`);
  }
}
