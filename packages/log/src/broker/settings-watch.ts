import { HawserError } from "@hawser/protocol";
import type { Timer } from "@hawser/protocol";
import type { BrokerPorts } from "../prefix/broker.ts";

/** Options of {@link SettingsWatch}. */
export interface SettingsWatchOptions {
  readonly ports: BrokerPorts;
  /** Between two looks, in milliseconds; each pause is drawn between half of it and one and a half, so that nodes take turns. */
  readonly intervalMs: number;
  /**
   * Looks once at what the broker is set to. Rejects with `option-invalid` or `log-foreign` where it keeps less than the log promises;
   * anything else that it rejects with tells nothing, as of a broker that is away.
   */
  readonly look: () => Promise<void>;
  /** Says to the operator that publishes begin to fail, with why, and that they are taken again; to be put behind the log's name. */
  readonly warn: (text: string) => void;
}

/**
 * Looks again and again at what a broker is set to while a log is open: what was held against the log's promises when it was opened may be
 * changed a moment later. Between the change and the next look the broker keeps less than was acknowledged.
 */
export class SettingsWatch {
  readonly #options: SettingsWatchOptions;
  #timer: Timer | undefined;
  #refusal: HawserError | undefined;
  #closed = false;

  constructor(options: SettingsWatchOptions) {
    this.#options = options;
    this.#arm();
  }

  /** Throws `log-unavailable`, with why, while the broker keeps less than was promised: what was appended now might be lost. */
  allowAppends(): void {
    if (this.#refusal === undefined) return;
    throw new HawserError("log-unavailable", this.#refusal.message, { retry: true, cause: this.#refusal });
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #arm(): void {
    const { intervalMs, ports } = this.#options;
    this.#timer = ports.timers.after(intervalMs * (0.5 + ports.random.number()), () => void this.#look());
  }

  async #look(): Promise<void> {
    try {
      await this.#options.look();
      this.#found(undefined);
    } catch (error) {
      const isRefusal = error instanceof HawserError && refusals.has(error.code);
      if (isRefusal) this.#found(error);
    }
    if (!this.#closed) this.#arm();
  }

  #found(refusal: HawserError | undefined): void {
    if (this.#closed) return;
    const isNew = refusal?.message !== this.#refusal?.message;
    this.#refusal = refusal;
    if (!isNew) return;
    const text =
      refusal === undefined
        ? "takes publishes again: it keeps what was promised"
        : `fails publishes: ${refusal.message}`;
    this.#options.warn(text);
  }
}

/** What adapters refuse to open with where a broker keeps less than it should. */
const refusals: ReadonlySet<string> = new Set(["option-invalid", "log-foreign"]);
