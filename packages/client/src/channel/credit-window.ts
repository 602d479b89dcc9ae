/**
 * The credit of one grant (SUB-10): how much cost the server may send in all, which the application's reading renews.
 * So what waits here unread is bounded by the window, and by one message more.
 */
export class CreditWindow {
  readonly #windowBytes: number;
  #granted: number;
  #due: number;

  /**
   * @param windowBytes - How much may wait unread.
   * @param unread - What waits unread now, of earlier grants; below the window, since a credit of 0 means no limit.
   */
  constructor(windowBytes: number, unread: number) {
    this.#windowBytes = windowBytes;
    this.#granted = this.#due = windowBytes - unread;
  }

  /** What the server was told. */
  get granted(): number {
    return this.#granted;
  }

  /** The application read so much, or it was dropped. */
  add(cost: number): void {
    this.#due += cost;
  }

  /** The credit to tell the server, when that is worth a frame: at half a window. It counts as told from then on. */
  take(): number | undefined {
    if (this.#due - this.#granted < this.#windowBytes / 2) return undefined;
    this.#granted = this.#due;
    return this.#due;
  }
}
