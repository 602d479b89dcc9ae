/**
 * The credit of one grant (SUB-10): how much cost the server may send in all. It follows what came under the grant and
 * what waits here unread, of this grant or another: so what waits is bounded by the window, and by one message more, for
 * each grant there is.
 */
export class CreditWindow {
  readonly #windowBytes: number;
  /** What the server was told. */
  granted: number;
  #arrived = 0;

  /**
   * @param windowBytes - How much may wait unread.
   * @param unread - What waits unread now; below the window, since a credit of 0 means no limit.
   */
  constructor(windowBytes: number, unread: number) {
    this.#windowBytes = windowBytes;
    this.granted = windowBytes - unread;
  }

  /** So much came, whether it is to be read or was dropped. */
  arrive(cost: number): void {
    this.#arrived += cost;
  }

  /**
   * The credit to tell the server, when that is worth a frame: at half a window. It counts as told from then on.
   *
   * @param unread - What waits unread now.
   */
  take(unread: number): number | undefined {
    const due = this.#arrived + this.#windowBytes - unread;
    if (due - this.granted < this.#windowBytes / 2) return undefined;
    this.granted = due;
    return due;
  }
}
