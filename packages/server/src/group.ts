import type { DrainOptions } from "./drain/drain-options.ts";
import type { DrainProgress } from "./drain/drain.ts";

/**
 * Several servers that are one to those who watch and operate them, such as the processes behind one port: whichever of
 * them is asked answers for all.
 */
export interface ServerGroup {
  /** What `/metrics` shows: the metrics of all servers of the group, told apart by `metricLabels`. */
  metrics(): Promise<string>;
  /** Begins a drain of all of them, for `/admin/drain`. Resolves when it has begun. */
  drain(options: DrainOptions): Promise<void>;
  /** How far it is, of all of them together; `undefined` before one has begun. */
  draining(): Promise<DrainProgress | undefined>;
}
