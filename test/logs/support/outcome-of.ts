import { HawserError } from "@hawser/protocol";

/** "taken", or the code and the message of what it failed with; other things happen meanwhile. */
export async function outcomeOf(work: Promise<void>): Promise<string> {
  const outcome = work.then(
    () => "taken",
    (error: unknown) => (error instanceof HawserError ? `${error.code}: ${error.message}` : String(error)),
  );
  await new Promise((resolve) => setImmediate(resolve));
  return outcome;
}
