/** Numbers of actions, as they are written on the command line: `3,7,9-20`. */
export type NumberSet = ReadonlySet<number>;

export const noNumbers: NumberSet = new Set<number>();
/** More than any plan has. */
const maxNumber = 1_000_000;

/** @returns `undefined` for what is no list of numbers and ranges. */
export function parseNumbers(text: string): NumberSet | undefined {
  const numbers = new Set<number>();
  for (const part of text.split(",")) {
    const range = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (range === null) return undefined;
    const [first, last] = [Number(range[1]), Number(range[2] ?? range[1])];
    if (last > maxNumber) return undefined;
    for (let number = first; number <= last; number += 1) numbers.add(number);
  }
  return numbers;
}

export function formatNumbers(numbers: Iterable<number>): string {
  const parts: string[] = [];
  let first: number | undefined;
  let last = 0;
  const flush = (): void => {
    if (first !== undefined) parts.push(first === last ? `${first}` : `${first}-${last}`);
  };
  for (const number of [...numbers].toSorted((one, other) => one - other)) {
    if (first === undefined || number !== last + 1) {
      flush();
      first = number;
    }
    last = number;
  }
  flush();
  return parts.join(",");
}
