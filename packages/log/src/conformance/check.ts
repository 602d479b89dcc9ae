/** A log does not keep what the port promises. */
export class ConformanceError extends Error {
  override readonly name = "ConformanceError";
}

/** Fails the case unless `condition` holds; `fact` is what should have held. */
export function check(condition: unknown, fact: string): asserts condition {
  if (!condition) throw new ConformanceError(fact);
}

/** Fails the case unless both are the same value, member by member. */
export function checkEqual(actual: unknown, expected: unknown, fact: string): void {
  if (!isSame(actual, expected)) {
    throw new ConformanceError(`${fact}: expected ${show(expected)}, got ${show(actual)}`);
  }
}

/** Fails the case unless `work` rejects with a `HawserError` of this code. */
export async function checkRejects(work: Promise<unknown>, code: string, fact: string): Promise<void> {
  let failure: unknown;
  try {
    await work;
  } catch (error) {
    failure = error;
  }
  checkEqual((failure as { code?: unknown } | undefined)?.code, code, fact);
}

function isSame(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (ArrayBuffer.isView(left) !== ArrayBuffer.isView(right) || Array.isArray(left) !== Array.isArray(right))
    return false;
  const leftKeys = Object.keys(left);
  if (leftKeys.length !== Object.keys(right).length) return false;
  return leftKeys.every((key) => Object.hasOwn(right, key) && isSame((left as Bag)[key], (right as Bag)[key]));
}

type Bag = Record<string, unknown>;

function show(value: unknown): string {
  const text = JSON.stringify(value, (_key, member: unknown) =>
    member instanceof Uint8Array ? `${member.byteLength} bytes: ${member.slice(0, 16).join(" ")}` : member,
  );
  return text === undefined ? String(value) : text.slice(0, 500);
}
