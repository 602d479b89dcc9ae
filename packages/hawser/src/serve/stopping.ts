/** How long closing may take, beyond draining: then the process ends all the same. */
export const maxStopMs = 10_000;

/** What is said where it took longer. */
export const notInTime = `hawser: could not stop within ${maxStopMs / 1000} s; what was acknowledged is safe`;

/** What is said when a drain begins. */
export function drainNote(connections: number, overMs: number): string {
  const who = connections === 1 ? "1 connection is" : `${connections} connections are`;
  return `draining: ${who} sent elsewhere, for up to ${overMs / 1000} s; another signal ends it at once`;
}

/** Whether it comes to its end in time. Rejects as it does. */
export async function within(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
