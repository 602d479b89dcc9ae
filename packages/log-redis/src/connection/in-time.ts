import type { Timers } from "@hawser/protocol";
import type { Ends } from "./connection.ts";
import { unavailable } from "./unavailable.ts";

/**
 * Does what needs connections. When it fails, or takes longer than this, all of them are ended; a server that takes
 * connections and says nothing holds nobody up.
 */
export async function inTime<Result>(
  timers: Timers,
  durationMs: number,
  work: (ends: Ends) => Promise<Result>,
): Promise<Result> {
  const ends: Ends = [];
  let isLate: () => void = () => {};
  const late = new Promise<never>((_, reject) => {
    isLate = () => reject(unavailable("the server did not answer in time"));
  });
  const timer = timers.after(durationMs, () => isLate());
  try {
    return await Promise.race([work(ends), late]);
  } catch (error) {
    for (const end of ends) end();
    throw error;
  } finally {
    timer.cancel();
  }
}
