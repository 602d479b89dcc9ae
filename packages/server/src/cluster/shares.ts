/** A node that takes clients, and how many it has. */
export interface Share {
  readonly instance: string;
  readonly sessions: number;
}

/** So many sessions should go from here to that node. */
export interface Transfer {
  readonly instance: string;
  readonly count: number;
}

/** Below so many above the fair share nothing is worth a move. */
const leastExcess = 5;

/**
 * What a node should give to others, so that each has its fair share: nothing while it has no more than that and the tolerance; else
 * all that is above the share, to those below it by what each lacks. Where several give at once, they come to it together.
 */
export function transfersOf(own: number, others: readonly Share[], tolerancePercent: number): readonly Transfer[] {
  const total = others.reduce((sum, { sessions }) => sum + sessions, own);
  const fair = total / (others.length + 1);
  const excess = Math.floor(own - fair);
  if (excess < leastExcess || own <= fair * (1 + tolerancePercent / 100)) return [];
  const lacking = others.map(({ instance, sessions }) => ({ instance, lacks: Math.max(0, fair - sessions) }));
  const lack = lacking.reduce((sum, { lacks }) => sum + lacks, 0);
  return lacking
    .map(({ instance, lacks }) => ({ instance, count: Math.floor((excess * lacks) / lack) }))
    .filter(({ count }) => count > 0);
}

/** Which node each one in turn goes to, so that all are served side by side and not one after the other. */
export function dealt(transfers: readonly Transfer[]): readonly string[] {
  return transfers
    .flatMap(({ instance, count }) => Array.from({ length: count }, (_, at) => ({ instance, at: (at + 0.5) / count })))
    .sort((one, other) => one.at - other.at)
    .map(({ instance }) => instance);
}
