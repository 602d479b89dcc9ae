import type { Append, AppendOutcome, Entry, FollowHandlers, Follower, Head, Log, Page, ReadOptions } from "@hawser/log";
import type { Interval } from "@hawser/protocol";

/** What an adapter does wrong; what is not named it does right. */
export interface LogAlterations {
  readonly channel?: (name: string) => string;
  readonly append?: (appends: readonly Append[], log: Log) => Promise<readonly AppendOutcome[]>;
  readonly head?: (head: Head) => Head;
  readonly page?: (page: Page, asked: number) => Page;
  readonly entries?: (entries: readonly Entry[]) => readonly Entry[];
  readonly floor?: (floor: number) => number | undefined;
}

/** A log with faults of its own. */
export function alteredLog(log: Log, alterations: LogAlterations): Log {
  const { channel = (name) => name, head = (given) => given, page = (given) => given } = alterations;
  const {
    entries = (given) => given,
    floor = (given) => given,
    append = (appends) => log.append(appends),
  } = alterations;
  return {
    capabilities: log.capabilities,
    open: (options) => log.open(options),
    append: (appends) => append(appends, log),
    head: async (name) => head(await log.head(channel(name))),
    read: async (name, after, options: ReadOptions) => page(await log.read(channel(name), after, options), after),
    readBackward: (name, through, options) => log.readBackward(channel(name), through, options),
    follow: async (name, handlers: FollowHandlers): Promise<Follower> => {
      const follower = await log.follow(channel(name), {
        onEntries: (given: readonly Entry[], interval: Interval) => handlers.onEntries(entries(given), interval),
        onFloor: (given) => {
          const told = floor(given);
          if (told !== undefined) handlers.onFloor(told);
        },
        onEpoch: (given) => handlers.onEpoch(head(given)),
      });
      return { head: head(follower.head), close: () => follower.close() };
    },
    close: () => log.close(),
  };
}
