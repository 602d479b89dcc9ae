import { HawserError } from "@hawser/protocol";
import type { Timers } from "@hawser/protocol";
import type { UpstreamRequest, Upstreams, UpstreamSocket } from "../upstream/upstream-socket.ts";

/**
 * Opens an upstream's socket, for as long as somebody wants it.
 *
 * @param ending - ends it, with the reason that it then rejects with.
 * @throws HawserError `upstream-unavailable` past `timeoutMs`; what the upstreams throw.
 */
export async function openInTime(
  upstreams: Upstreams,
  request: UpstreamRequest,
  ending: AbortController,
  { timers, timeoutMs }: { readonly timers: Timers; readonly timeoutMs: number },
): Promise<UpstreamSocket> {
  const { signal } = ending;
  const opening = upstreams.open(request, signal);
  const timer = timers.after(timeoutMs, () => ending.abort(tooLate(timeoutMs)));
  try {
    return await Promise.race([opening, whenAborted(signal)]);
  } catch (error) {
    // Whoever opens it may be slow to hear that it is not wanted any more: nobody waits for it.
    opening.then(
      (socket) => socket.terminate(),
      () => {},
    );
    throw signal.aborted ? signal.reason : error;
  } finally {
    timer.cancel();
  }
}

function tooLate(timeoutMs: number): HawserError {
  return new HawserError("upstream-unavailable", `The upstream did not take the socket within ${timeoutMs} ms.`, {
    retry: true,
  });
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }),
  );
}
