/** What is used of `navigator.locks` (Web Locks API, section 3). */
export interface LockManagerLike {
  request(
    name: string,
    options: { readonly steal?: boolean; readonly signal?: AbortSignal },
    callback: () => Promise<unknown>,
  ): Promise<unknown>;
}

/**
 * Holds a lock, so that others find out when this page or worker is gone: the browser gives it back then, whatever the
 * reason.
 *
 * @returns the lock's name once it is held; `undefined` where there are no locks, or none is given. `release` gives it back.
 */
export function holdAlive(
  locks: LockManagerLike | undefined,
  name: string,
): { readonly held: Promise<string | undefined>; readonly release: () => void } {
  if (locks === undefined) return { held: Promise.resolve(undefined), release: () => {} };
  let release = (): void => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const held = new Promise<string | undefined>((resolve) => {
    locks
      .request(name, {}, () => {
        resolve(name);
        return released;
      })
      // Pages without an origin of their own get no locks.
      .catch(() => resolve(undefined));
  });
  return { held, release };
}

/** Calls back once, when whoever holds the lock is gone. @returns a function that stops watching. */
export function watchAlive(
  locks: LockManagerLike | undefined,
  name: string | undefined,
  onGone: () => void,
): () => void {
  if (locks === undefined || name === undefined) return () => {};
  const abort = new AbortController();
  locks
    .request(name, { signal: abort.signal }, () => {
      if (!abort.signal.aborted) onGone();
      return Promise.resolve();
    })
    .catch(() => {});
  return () => abort.abort();
}
