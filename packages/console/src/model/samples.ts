/** The newest values of a measure, oldest first, at most `size` of them. */
export class Samples {
  readonly #size: number;
  #values: number[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  get values(): readonly number[] {
    return this.#values;
  }

  get last(): number | undefined {
    return this.#values.at(-1);
  }

  add(value: number): void {
    this.#values = [...this.#values, value].slice(-this.#size);
  }
}
