/** Who found what did not hold. */
export type Checker =
  /** What subscribers were given, against the log. */
  | "streams"
  /** What publishers were told, against the log. */
  | "publishes"
  | "calls"
  /** What went over virtual sockets, and how they ended. */
  | "sockets"
  | "history"
  /** Nobody is sent what he may not read. */
  | "rights"
  /** Memory: bytes unconfirmed, credit, and what is left behind. */
  | "bounds"
  /** A node reports an error of its own. */
  | "nodes"
  /** After the world has healed everything arrives. */
  | "liveness"
  /** Something was thrown that nobody caught: an assertion of the product's own, above all. */
  | "assertions";

/** Tells what does not hold. */
export type Report = (message: string) => void;

/** A promise of Hawser that did not hold in a run. */
export class Violation extends Error {
  override readonly name = "Violation";
  readonly checker: Checker;

  constructor(checker: Checker, message: string) {
    super(message);
    this.checker = checker;
  }
}
