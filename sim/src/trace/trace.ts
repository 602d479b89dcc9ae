import type { SimulatedTime } from "../time/simulated-time.ts";

/**
 * What happened, as one number: two runs with the same hash went through the same events at the same times. With
 * `write` each event is also a line for people.
 */
export class Trace {
  readonly #time: SimulatedTime;
  readonly #write: ((line: string) => void) | undefined;
  #low = 0x811c9dc5;
  #high = 0x9e3779b9;

  constructor(time: SimulatedTime, write?: (line: string) => void) {
    this.#time = time;
    this.#write = write;
  }

  /** Whether lines are written: for those who would have to make them. */
  get verbose(): boolean {
    return this.#write !== undefined;
  }

  get hash(): string {
    return (this.#high >>> 0).toString(16).padStart(8, "0") + (this.#low >>> 0).toString(16).padStart(8, "0");
  }

  /** Something happened, in words. */
  note(text: string): void {
    this.#stamp();
    for (let index = 0; index < text.length; index += 1) this.#mix(text.charCodeAt(index));
    this.#write?.(`${(this.#time.now / 1000).toFixed(6).padStart(11)}  ${text}`);
  }

  /** One of the plan's actions begins. */
  action(number: number, kind: string): void {
    this.#stamp();
    this.#mix(number);
    this.#write?.(`${(this.#time.now / 1000).toFixed(6).padStart(11)}  #${number} ${kind}`);
  }

  /** Bytes arrived. */
  bytes(from: number, bytes: Uint8Array): void {
    this.#stamp();
    this.#mix(from);
    this.#mix(bytes.length);
    // FNV-1a: a number of its own first, which is cheaper than mixing every byte.
    let hash = 0x811c9dc5;
    for (let at = 0; at < bytes.length; at += 1) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    this.#mix(hash);
  }

  /** A line that says no more than what was hashed otherwise. */
  line(text: () => string): void {
    this.#write?.(`${(this.#time.now / 1000).toFixed(6).padStart(11)}  ${text()}`);
  }

  #stamp(): void {
    this.#mix(Math.floor(this.#time.now * 1000));
  }

  #mix(value: number): void {
    this.#low = Math.imul(this.#low ^ value, 0x01000193);
    this.#high = Math.imul(this.#high + this.#low, 0x85ebca6b) ^ (this.#low >>> 15);
  }
}
