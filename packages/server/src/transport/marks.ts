import { randomFillSync } from "node:crypto";

/** How long the payload of a marking ping is. */
const markBytes = 8;

interface Mark {
  readonly id: number;
  readonly payload: Buffer;
}

/**
 * The pings that ask for a confirmation, and which of them a pong answers. Their payloads are random: a peer that does
 * not read cannot confirm, so that what is unconfirmed really bounds what waits for it.
 */
export class Marks {
  #open: Mark[] = [];
  #pool = Buffer.alloc(0);

  /** The payload of the ping that carries `id`. */
  issue(id: number): Buffer {
    if (this.#pool.length < markBytes) this.#pool = randomFillSync(Buffer.allocUnsafeSlow(64 * markBytes));
    const payload = this.#pool.subarray(0, markBytes);
    this.#pool = this.#pool.subarray(markBytes);
    this.#open.push({ id, payload });
    return payload;
  }

  /**
   * The id that a pong confirms, and with it all before: a peer may answer the newest ping only (RFC 6455, section
   * 5.5.3). `undefined` for a pong that answers no open mark.
   */
  confirm(payload: Uint8Array): number | undefined {
    if (payload.length !== markBytes) return undefined;
    const index = this.#open.findIndex((mark) => mark.payload.equals(payload));
    const mark = this.#open[index];
    if (mark === undefined) return undefined;
    this.#open = this.#open.slice(index + 1);
    return mark.id;
  }
}
