/** A promise of Hawser that did not hold. */
export class Violation extends Error {
  override readonly name = "Violation";
}

/** Where checkers report what does not hold. The first one ends the run. */
export type Report = (message: string) => void;
