import type { Log } from "@hawser/log";
import { HawserError } from "@hawser/protocol";
import type { Payload, Random, Timers } from "@hawser/protocol";
import { ControlReader } from "../presence/control-reader.ts";
import { appendedPlain } from "../publish/plain-append.ts";
import type { Appender } from "../publish/appender.ts";
import { decodeRegister, encodeRegister, registerChannelOf } from "./register-record.ts";

/** Facts by name that all nodes of a log know, and that outlive them. The newest of a key wins, in the log's order. */
export interface Register {
  /** What holds now, as JSON values. */
  readonly values: ReadonlyMap<string, unknown>;
  /**
   * Resolves when the log has it and this node knows it; others know it soon after. `undefined` removes the key.
   *
   * @throws HawserError `log-unavailable` (the outcome is open), `log-full`; `option-invalid` for a value above 16,384 bytes of
   *   JSON, or a key beyond the 256th.
   */
  set(key: string, value: unknown): Promise<void>;
}

/** Is called when the value of a key is another, once what the log held at the beginning is known; `undefined`: it is gone. */
export type OnRegistered = (key: string, value: unknown) => void;

export interface LogRegisterOptions {
  readonly log: Log;
  readonly appender: Appender;
  readonly timers: Timers;
  readonly random: Random;
  readonly name: string;
  readonly onChange: OnRegistered;
}

/** Keys of a register. */
export const maxRegisterKeys = 256;
/** A value, as JSON. */
export const maxRegisterValueBytes = 16_384;
/** A record that has so many behind it is written anew: the channel keeps four times as many. */
export const renewBehind = 1_024;
/** Until this node has read what it wrote itself. */
const readTimeoutMs = 5_000;

interface Held {
  readonly id: string;
  /** `undefined`: a key that was removed. */
  readonly value: unknown;
  /** How many records came before it. */
  readonly at: number;
}

/** A register in a control channel of the log. */
export class LogRegister implements Register {
  readonly #options: LogRegisterOptions;
  readonly #reader: ControlReader;
  /** The oldest record first. */
  #held = new Map<string, Held>();
  /** What held before the log began anew; `undefined`: all that it holds is known. */
  #before: ReadonlyMap<string, unknown> | undefined = new Map();
  #values = new Map<string, unknown>();
  /** Called when a record of this node's has been read. */
  readonly #awaited = new Map<string, () => void>();
  #count = 0;

  constructor(options: LogRegisterOptions) {
    this.#options = options;
    this.#reader = new ControlReader({
      ...options,
      channel: registerChannelOf(options.name),
      onEntry: (payload) => this.#onEntry(payload),
      onRestart: () => this.#restart(),
      onLoaded: () => this.#onLoaded(),
    });
  }

  get values(): ReadonlyMap<string, unknown> {
    return this.#values;
  }

  /** Resolves when all that the log holds is known, and told. Rejects with `log-unavailable`. */
  open(): Promise<void> {
    return this.#reader.open();
  }

  async set(key: string, value: unknown): Promise<void> {
    const text = value === undefined ? "" : JSON.stringify(value);
    if (Buffer.byteLength(text) > maxRegisterValueBytes)
      throw new HawserError("option-invalid", `${key} must have at most ${maxRegisterValueBytes} bytes as JSON.`);
    if (value !== undefined && !this.#values.has(key) && this.#values.size >= maxRegisterKeys)
      throw new HawserError("option-invalid", `${key} would be one more than ${maxRegisterKeys}.`);
    await this.#write(key, value, undefined);
    await this.#renew();
  }

  close(): void {
    this.#reader.close();
  }

  #onEntry(payload: Payload | undefined): void {
    this.#count += 1;
    const record = decodeRegister(payload);
    if (record === undefined) return;
    const { id, key, value, over } = record;
    if (over === undefined || over === (this.#held.get(key)?.id ?? "")) {
      this.#held.delete(key);
      this.#held.set(key, { id, value, at: this.#count });
      this.#forgetRemoved();
      if (this.#before === undefined) this.#tell(key, value);
    }
    this.#awaited.get(id)?.();
  }

  #restart(): void {
    this.#before ??= this.#values;
    this.#held = new Map();
    this.#count = 0;
  }

  #onLoaded(): void {
    const before = this.#before ?? new Map<string, unknown>();
    this.#before = undefined;
    for (const [key, { value }] of this.#held) this.#tell(key, value);
    // A log that lost them gets them again from whoever knows them still: the first who says it is believed.
    for (const [key, value] of before) if (!this.#held.has(key)) this.#write(key, value, "").catch(() => {});
  }

  #tell(key: string, value: unknown): void {
    if (JSON.stringify(this.#values.get(key)) === JSON.stringify(value)) return;
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, value);
    this.#options.onChange(key, value);
  }

  /** That a key was removed is kept while there is room: it says that nobody has to bring it back. */
  #forgetRemoved(): void {
    if (this.#held.size <= 2 * maxRegisterKeys) return;
    for (const [key, { value }] of this.#held) if (value === undefined) return void this.#held.delete(key);
  }

  /** The log keeps so many records: the oldest that still says something is said again before it goes. */
  async #renew(): Promise<void> {
    const oldest = [...this.#held].find(([, { value }]) => value !== undefined);
    if (oldest === undefined) return;
    const [key, { id, value, at }] = oldest;
    // What is not renewed now is with the next one.
    if (this.#count - at >= renewBehind) await this.#write(key, value, id).catch(() => {});
  }

  async #write(key: string, value: unknown, over: string | undefined): Promise<void> {
    const { appender, name, random, timers } = this.#options;
    const id = Buffer.from(random.bytes(12)).toString("base64url");
    const read = new Promise<void>((resolve, reject) => {
      const late = new HawserError("log-unavailable", "The log has it, but this node could not read it yet.", {
        retry: true,
      });
      const timer = timers.after(readTimeoutMs, () => {
        this.#awaited.delete(id);
        reject(late);
      });
      this.#awaited.set(id, () => {
        timer.cancel();
        this.#awaited.delete(id);
        resolve();
      });
    });
    // Whoever waits for the append first has not looked at this one yet.
    read.catch(() => {});
    try {
      await appendedPlain(appender, {
        channel: registerChannelOf(name),
        payload: encodeRegister({ id, key, value, over }),
      });
    } catch (error) {
      this.#awaited.get(id)?.();
      throw error;
    }
    await read;
  }
}
