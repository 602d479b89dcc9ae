import { randomInt } from "node:crypto";

/** Of a nonce: what `randomInt` takes, and far too many to be guessed. */
const nonces = 2 ** 48 - 1;

interface Mark {
  readonly id: number;
  readonly nonce: number;
  /** Sent on the connection before the mark. */
  readonly bytes: number;
}

const none: readonly Mark[] = [];

/**
 * What is confirmed by frames, where the transport has no ping of its own (FLOW-4). The nonces are random: a peer that
 * does not read cannot answer a `ping`.
 */
export class FrameMarks {
  #open = none;

  /** The nonce of the `ping` that carries `id`; `bytes` were sent before it. */
  issue(id: number, bytes: number): number {
    const nonce = randomInt(1, nonces);
    this.#open = [...this.#open, { id, nonce, bytes }];
    return nonce;
  }

  /** The id that a `pong` confirms, and with it all before; `undefined` for one that answers no open mark. */
  answered(nonce: number): number | undefined {
    return this.#confirm((mark) => mark.nonce === nonce);
  }

  /** The newest id that lies within so many bytes of the connection; `undefined` when none does. */
  reached(bytes: number): number | undefined {
    return this.#confirm((mark) => mark.bytes <= bytes);
  }

  #confirm(holds: (mark: Mark) => boolean): number | undefined {
    const index = this.#open.findLastIndex(holds);
    const mark = this.#open[index];
    if (mark === undefined) return undefined;
    this.#open = index + 1 === this.#open.length ? none : this.#open.slice(index + 1);
    return mark.id;
  }
}
