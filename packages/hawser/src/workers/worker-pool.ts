import type { Clock, Timer, Timers } from "@hawser/protocol";
import type { DrainOptions, DrainProgress, Logger } from "@hawser/server";
import { describeError } from "../describe-error.ts";
import { Conversation } from "./conversation.ts";
import type { MessagePort } from "./conversation.ts";
import { Restarts } from "./restarts.ts";
import { sumProgress } from "./sum-progress.ts";
import type { GroupSide, PrimarySide, Reachable, WorkerPlan, WorkerSide } from "./worker-contract.ts";

/** A process that was started. */
export interface WorkerProcess extends MessagePort {
  readonly pid: number | undefined;
  /** It has ended, or could not be started; told once. `how` is for people. */
  onEnd(listener: (how: string) => void): void;
  /** Lets it end: it has closed everything. */
  release(): void;
  /** Ends it at once. */
  kill(): void;
}

export interface WorkerPoolOptions {
  readonly count: number;
  readonly fork: () => WorkerProcess;
  readonly planOf: (number: number) => Omit<WorkerPlan, "drain" | "number">;
  readonly answers: GroupSide;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** A worker ended again and again: the others go on, but not for long, since the same awaits them. Once. */
  readonly onGivenUp: (error: Error) => void;
}

/** One worker, from its start to its end. */
interface Worker {
  readonly process: WorkerProcess;
  readonly conversation: Conversation<PrimarySide, WorkerSide>;
}

/** What stands at the place of one number. */
type Place =
  | { readonly kind: "starting"; readonly worker: Worker }
  | { readonly kind: "serving"; readonly worker: Worker; readonly since: number }
  | { readonly kind: "waiting"; readonly timer: Timer }
  | { readonly kind: "empty" };

/** How long a worker may take until it listens. */
const startTimeoutMs = 60_000;
/** A worker that does not answer by then is left out. */
const answerTimeoutMs = 5_000;
/** As a server alone has it: the workers share it. */
const defaultMovesPerSecond = 1_000;

/** Keeps a number of workers alive, and asks them together. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #places = new Map<number, Place>();
  readonly #restarts = new Map<number, Restarts>();
  #starts = 0;
  /** Takes the place of those that end. Not before all have served, and not while all end. */
  #replaces = false;
  #drain: DrainOptions | null = null;
  #onEmpty: (() => void) | undefined;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /** Workers that serve now. */
  get serving(): number {
    return this.#serving().length;
  }

  /** Workers that were started, those that took another's place among them. */
  get starts(): number {
    return this.#starts;
  }

  /** Starts all. Rejects with what ended the first that could not serve; `kill` the others then. */
  async start(): Promise<Reachable> {
    const numbers = Array.from({ length: this.#options.count }, (_, index) => index + 1);
    const [first] = await Promise.all(numbers.map((number) => this.#start(number)));
    this.#replaces = true;
    // One that ended while others were still starting.
    for (const number of numbers) if (this.#placeOf(number).kind === "empty") this.#replace(number, 0);
    return first!;
  }

  /** What each worker that serves answers; one that does not in time is left out. */
  async ask<Name extends "metrics" | "connections" | "draining">(
    name: Name,
  ): Promise<Awaited<ReturnType<WorkerSide[Name]>>[]> {
    const answers = this.#serving().map(({ conversation }) =>
      this.#inTime(conversation.ask<Name>(name, null as never), answerTimeoutMs).catch(() => undefined),
    );
    const given = (await Promise.all(answers)) as (Awaited<ReturnType<WorkerSide[Name]>> | undefined)[];
    return given.filter((answer) => answer !== undefined);
  }

  /** Begins a drain of all; those that start later take part from their beginning on. */
  async drain(options: DrainOptions): Promise<void> {
    const { maxMovesPerSecond = defaultMovesPerSecond } = options;
    const { count } = this.#options;
    const shared = { ...options, maxMovesPerSecond: Math.max(1, Math.floor(maxMovesPerSecond / count)) };
    this.#drain = shared;
    await Promise.all(
      this.#serving().map(({ conversation }) =>
        this.#inTime(conversation.ask("drain", shared), answerTimeoutMs).catch(() => null),
      ),
    );
  }

  /** How far the drain is; `undefined` before one began. */
  async draining(): Promise<DrainProgress | undefined> {
    if (this.#drain === null) return undefined;
    return sumProgress((await this.ask("draining")).filter((progress) => progress !== null));
  }

  /** Resolves when no worker has connections any more, after `drain`, or the time is over. */
  async drained(timeoutMs: number): Promise<void> {
    this.#endReplacing();
    await Promise.all(
      this.#serving().map(({ conversation }) =>
        this.#inTime(conversation.ask("drained", null), timeoutMs).catch(() => null),
      ),
    );
  }

  /** Closes all, and ends them. Resolves with whether each could be closed in time. */
  async close(timeoutMs: number): Promise<boolean> {
    this.#endReplacing();
    const closed = await Promise.all(
      this.#serving().map(async ({ conversation, process }) => {
        const done = await this.#inTime(conversation.ask("close", null), timeoutMs).then(
          () => true,
          () => false,
        );
        if (done) process.release();
        return done;
      }),
    );
    if (
      !(await this.#inTime(this.#emptied(), answerTimeoutMs).then(
        () => true,
        () => false,
      ))
    ) {
      this.kill();
      await this.#emptied();
    }
    return closed.every(Boolean);
  }

  /** Ends all at once. */
  kill(): void {
    this.#endReplacing();
    for (const place of this.#places.values()) if ("worker" in place) place.worker.process.kill();
  }

  /** Resolves when the worker serves. Rejects with why it cannot, or has not in time; it may still be alive then. */
  #start(number: number): Promise<Reachable> {
    const { fork, planOf, answers } = this.#options;
    const process = fork();
    this.#starts += 1;
    const started = new Promise<Reachable>((resolve, reject) => {
      const conversation = new Conversation<PrimarySide, WorkerSide>(process, {
        ...answers,
        here: () => {
          const plan = { ...planOf(number), number, drain: this.#drain };
          conversation.ask("start", plan).then((reachable) => {
            this.#served(number, worker);
            resolve(reachable);
          }, reject);
          return null;
        },
      });
      const worker = { process, conversation };
      this.#places.set(number, { kind: "starting", worker });
      process.onEnd((how) => {
        const error = new Error(`worker ${number} ended (${how})`);
        conversation.end(error);
        reject(error);
        this.#ended(number, error);
      });
    });
    return this.#inTime(started, startTimeoutMs);
  }

  #served(number: number, worker: Worker): void {
    const { clock, logger } = this.#options;
    this.#places.set(number, { kind: "serving", worker, since: clock.monotonic() });
    logger.info({ worker: number, pid: worker.process.pid }, "a worker serves");
  }

  #ended(number: number, error: Error): void {
    const place = this.#placeOf(number);
    const servedMs = place.kind === "serving" ? this.#options.clock.monotonic() - place.since : 0;
    this.#places.set(number, { kind: "empty" });
    if (this.#replaces) this.#replace(number, servedMs, error);
    if (this.#isEmpty()) this.#onEmpty?.();
  }

  /** Another one takes the place, after a pause. */
  #replace(number: number, servedMs: number, error = new Error(`worker ${number} ended`)): void {
    const { timers, logger, onGivenUp } = this.#options;
    const pauseMs = this.#restartsOf(number).ended(servedMs);
    if (pauseMs === undefined) {
      logger.error(
        { worker: number, reason: error.message },
        "a worker ended again and again: no other one is started",
      );
      this.#endReplacing();
      onGivenUp(new Error(`${error.message}, and so did those before it: no other one is started`, { cause: error }));
      return;
    }
    logger.warn({ worker: number, reason: error.message, pauseMs }, "a worker ended: another one starts");
    const timer = timers.after(pauseMs, () => {
      this.#start(number).catch((reason: unknown) => {
        logger.warn({ worker: number, reason: describeError(reason) }, "a worker could not start");
        const now = this.#placeOf(number);
        // Its end is told, and the next one follows.
        if ("worker" in now) now.worker.process.kill();
      });
    });
    this.#places.set(number, { kind: "waiting", timer });
  }

  #endReplacing(): void {
    this.#replaces = false;
    for (const [number, place] of this.#places) {
      if (place.kind !== "waiting") continue;
      place.timer.cancel();
      this.#places.set(number, { kind: "empty" });
    }
  }

  #serving(): Worker[] {
    return [...this.#places.values()].flatMap((place) => (place.kind === "serving" ? [place.worker] : []));
  }

  #placeOf(number: number): Place {
    return this.#places.get(number) ?? { kind: "empty" };
  }

  #restartsOf(number: number): Restarts {
    const known = this.#restarts.get(number) ?? new Restarts();
    this.#restarts.set(number, known);
    return known;
  }

  #isEmpty(): boolean {
    return [...this.#places.values()].every(({ kind }) => kind === "empty");
  }

  #emptied(): Promise<void> {
    if (this.#isEmpty()) return Promise.resolve();
    return new Promise((resolve) => (this.#onEmpty = resolve));
  }

  #inTime<Value>(work: Promise<Value>, timeoutMs: number): Promise<Value> {
    return new Promise((resolve, reject) => {
      const timer = this.#options.timers.after(timeoutMs, () => reject(new Error("no answer in time")));
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}
