import { randomInt } from "node:crypto";

/** How long the payload of a marking ping is: a nonce behind two zeros. */
const markBytes = 8;
const nonceBytes = 6;

/** What `randomInt` takes, and far too many to be guessed. */
const nonces = 2 ** 48 - 1;

interface Mark {
  readonly id: number;
  readonly nonce: number;
}

const none: readonly Mark[] = [];

/**
 * The pings that ask for a confirmation, and which of them a pong answers. Their payloads are random: a peer that does
 * not read cannot confirm, so that what is unconfirmed really bounds what waits for it.
 */
export class Marks {
  #open = none;

  /** The payload of the ping that carries `id`. */
  issue(id: number): Buffer {
    const nonce = randomInt(nonces);
    this.#open = [...this.#open, { id, nonce }];
    const payload = Buffer.alloc(markBytes);
    payload.writeUIntBE(nonce, markBytes - nonceBytes, nonceBytes);
    return payload;
  }

  /**
   * The id that a pong confirms, and with it all before: a peer may answer the newest ping only (RFC 6455, section
   * 5.5.3). `undefined` for a pong that answers no open mark.
   */
  confirm(payload: Uint8Array): number | undefined {
    if (payload.length !== markBytes) return undefined;
    const view = new DataView(payload.buffer, payload.byteOffset, markBytes);
    // Eight bytes that do not begin with two zeros are above all nonces.
    const nonce = view.getUint32(0) * 2 ** 32 + view.getUint32(4);
    const index = this.#open.findIndex((mark) => mark.nonce === nonce);
    const mark = this.#open[index];
    if (mark === undefined) return undefined;
    this.#open = index + 1 === this.#open.length ? none : this.#open.slice(index + 1);
    return mark.id;
  }
}
