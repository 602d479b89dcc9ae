import { pieceCost } from "@hawser/protocol";
import type { SocketPiece } from "@hawser/protocol";
import { JoinedPieces } from "../upstream/joined-pieces.ts";
import type { UpstreamSocket } from "../upstream/upstream-socket.ts";

/** Pieces that were given to the upstream and have not left. */
const mostUnwritten = 64;

/**
 * What goes to the upstream. Where much waits already, pieces of a message are joined: a client may cut them as small as it likes, and
 * each one that waits costs far more than the byte of credit that it may have taken.
 */
export class PiecesOut {
  readonly #send: UpstreamSocket["send"];
  readonly #taken: (cost: number) => void;
  readonly #joined = new JoinedPieces();
  #joinedCost = 0;
  #text = false;
  #unwritten = 0;

  /** @param taken - So much (of `pieceCost`) has left for the upstream. */
  constructor(send: UpstreamSocket["send"], taken: (cost: number) => void) {
    this.#send = send;
    this.#taken = taken;
  }

  put(piece: SocketPiece): void {
    const { data, text, last } = piece;
    const cost = pieceCost(piece);
    if (this.#joinedCost === 0 && (last || this.#unwritten < mostUnwritten)) return this.#pass(data, text, last, cost);
    this.#joined.add(data);
    this.#joinedCost += cost;
    this.#text = text;
    if (last) this.flush(true);
  }

  /** Gives what was joined to the upstream, at once. @param last - The message ends with it. */
  flush(last = false): void {
    if (this.#joinedCost === 0) return;
    const cost = this.#joinedCost;
    this.#joinedCost = 0;
    this.#pass(this.#joined.take(), this.#text, last, cost);
  }

  #pass(data: Uint8Array, text: boolean, last: boolean, cost: number): void {
    this.#unwritten += 1;
    this.#send(data, text, last, () => {
      this.#unwritten -= 1;
      this.#taken(cost);
      if (this.#unwritten < mostUnwritten) this.flush();
    });
  }
}
