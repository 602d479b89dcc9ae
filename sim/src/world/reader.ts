import type { ReceivedMessage, Subscription } from "@hawser/client";
import type { StreamCheck } from "../check/stream-check.ts";
import type { Process } from "../time/process.ts";
import type { World } from "./world.ts";

/** How an application reads. */
export type ReadingStyle =
  /** By events, as fast as they come. */
  | { readonly kind: "listener" }
  /** `for await`, with a pause behind each message. */
  | { readonly kind: "loop"; readonly pauseMs: number }
  /** `for await`, which now and then stands still. */
  | { readonly kind: "stalling"; readonly everyMessages: number; readonly stallMs: number };

export interface ReaderOptions {
  readonly world: World;
  readonly process: Process;
  readonly label: string;
  readonly subscription: Subscription;
  readonly check: StreamCheck;
  readonly last: number;
  readonly style: ReadingStyle;
  readonly onEnded: (code: string) => void;
}

/** One subscription with the application's code that reads it, watched by a checker. */
export class Reader {
  readonly subscription: Subscription;
  readonly check: StreamCheck;
  readonly style: ReadingStyle;
  /** How many of the newest messages it asked for. */
  readonly last: number;
  readonly label: string;
  readonly #options: ReaderOptions;
  #read = 0;
  #paused: (() => void) | undefined;
  #hurried = false;
  #ended: string | undefined;

  constructor(options: ReaderOptions) {
    const { subscription, check, process, world } = options;
    this.subscription = subscription;
    this.check = check;
    this.style = options.style;
    this.last = options.last;
    this.label = options.label;
    this.#options = options;
    // A listener's exception would be the platform's to report: whatever a checker finds goes through `report`.
    const listen = (step: () => void): void => {
      if (process.alive) step();
    };
    subscription.addEventListener("subscribed", ({ position }) =>
      listen(() => check.onSubscribed(position, options.last)),
    );
    subscription.addEventListener("lost", ({ epoch, interval }) =>
      listen(() => {
        world.figures.lost += 1;
        world.trace.note(`${options.label} lost (${interval.from}, ${interval.to}]`);
        check.onLost(epoch, interval);
        world.unread.onRead(process, subscription.channel, { epoch, offset: interval.to });
      }),
    );
    subscription.addEventListener("reset", ({ reason, from, position }) =>
      listen(() => {
        world.figures.resets += 1;
        world.trace.note(`${options.label} reset (${reason}) from ${from.offset} to ${position.offset}`);
        check.onReset(reason, from, position);
      }),
    );
    subscription.addEventListener("invalid", ({ error }) =>
      listen(() => world.report("streams", `${options.label} got what is invalid: ${error.message}`)),
    );
    subscription.addEventListener("ended", ({ error }) => {
      this.#ended = error?.code ?? "";
      listen(() => {
        world.trace.note(`${options.label} ended ${this.#ended}`);
        world.unread.onEnded(process, subscription.channel);
        options.onEnded(this.#ended!);
      });
    });
    if (this.style.kind === "listener")
      subscription.addEventListener("message", ({ message }) => listen(() => this.#take(message)));
    else void this.#loop();
  }

  /** The code with which it ended; `undefined` while it goes on. */
  get ended(): string | undefined {
    return this.#ended;
  }

  /** From now on it reads without pauses. */
  hurry(): void {
    this.#hurried = true;
    this.#paused?.();
  }

  async #loop(): Promise<void> {
    try {
      for await (const message of this.subscription) {
        if (!this.#options.process.alive) return;
        this.#take(message);
        const pauseMs = this.#pauseMs();
        if (pauseMs > 0) await this.#pause(pauseMs);
      }
    } catch {
      // The event "ended" has told it.
    }
  }

  #pauseMs(): number {
    if (this.#hurried) return 0;
    if (this.style.kind === "loop") return this.style.pauseMs;
    if (this.style.kind === "stalling" && this.#read % this.style.everyMessages === 0) return this.style.stallMs;
    return 0;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.process.ports.timers.after(ms, resolve);
      this.#paused = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #take(message: ReceivedMessage): void {
    const { world, label, process } = this.#options;
    this.#read += 1;
    world.unread.onRead(process, this.subscription.channel, message.position);
    world.figures.delivered += 1;
    world.figures.deliveredAt = world.time.now;
    world.trace.note(`${label} reads ${message.position.offset}`);
    const { position, publisher, key } = message;
    this.check.onMessage({ position, publisher, key, json: JSON.stringify(message.data) });
  }
}
