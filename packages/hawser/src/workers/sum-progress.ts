import type { DrainProgress } from "@hawser/server";

/** How far the drains of several servers are, together. */
export function sumProgress(parts: readonly DrainProgress[]): DrainProgress {
  const sum = (name: Exclude<keyof DrainProgress, "done">): number =>
    parts.reduce((total, part) => total + part[name], 0);
  return {
    total: sum("total"),
    told: sum("told"),
    moved: sum("moved"),
    closed: sum("closed"),
    remaining: sum("remaining"),
    done: parts.every(({ done }) => done),
  };
}
