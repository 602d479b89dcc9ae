/** What a message costs beside its bytes (SOCK-5): so that a stream of empty messages is bounded, too. */
export const socketOverheadBytes = 32;

/** A part of a message of a virtual socket, at its place in the stream (SOCK-5). */
export interface SocketPiece {
  /** The offset that it stands behind. */
  readonly from: number;
  /** The message is text; of every piece of it the same. */
  readonly text: boolean;
  /** The message ends with it. */
  readonly last: boolean;
  readonly data: Uint8Array;
}

/** What a piece adds to the offset of its stream (SOCK-5). */
export function pieceCost(piece: Pick<SocketPiece, "data" | "last">): number {
  return piece.data.length + (piece.last ? socketOverheadBytes : 0);
}
