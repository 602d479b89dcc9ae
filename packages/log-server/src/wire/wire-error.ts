/** The other side sent what is no frame of this protocol. Its link is closed. */
export class WireError extends Error {
  override readonly name = "WireError";
}
