import type { Target } from "./target.ts";

/**
 * Whether health checks are no longer believed: so few targets answer theirs that the check may be what is broken, and those
 * that do answer would get everybody (the panic threshold of Envoy).
 *
 * @param panicShare - As `TargetPoolOptions.panicShare`.
 */
export function isPanic(targets: readonly Target[], panicShare: number | false): boolean {
  const asked = targets.filter(({ isDraining }) => !isDraining);
  const well = asked.filter(({ isWell }) => isWell);
  return panicShare !== false && well.length < asked.length && well.length <= asked.length * panicShare;
}

export interface InServiceQuery {
  /** All of the pool. */
  readonly targets: readonly Target[];
  readonly panicShare: number | false;
  /** Those that failed this connection. */
  readonly tried: ReadonlySet<Target>;
  readonly now: number;
}

/**
 * The targets that may get a connection: those that are up, those that are down in a panic, and where there is none of them,
 * those that fail some: that is better than nobody.
 */
export function inService({ targets, panicShare, tried, now }: InServiceQuery): readonly Target[] {
  const panic = isPanic(targets, panicShare);
  const free = targets.filter((target) => target.hasRoom && !tried.has(target));
  const up = free.filter((target) => {
    const state = target.stateAt(now);
    return state === "up" || (panic && state === "down");
  });
  return up.length > 0 ? up : free.filter((target) => target.stateAt(now) === "ejected");
}
