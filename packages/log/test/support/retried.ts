import { HawserError } from "@hawser/protocol";
import type { Log } from "@hawser/log";

/** Tries of one call at most. */
const maxTries = 100;

/**
 * A log whose calls are made again for as long as they reject with an error that says that it may be: so do all who use
 * the port. Appends have outcomes instead, and are left as they are.
 */
export function retried(log: Log): Log {
  const again = async <Answer>(call: () => Promise<Answer>): Promise<Answer> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof HawserError) || !error.retry || tries === maxTries) throw error;
      }
    }
  };
  return {
    capabilities: log.capabilities,
    open: (options) => log.open(options),
    append: (appends) => log.append(appends),
    head: (channel) => again(() => log.head(channel)),
    read: (channel, after, options) => again(() => log.read(channel, after, options)),
    readBackward: (channel, through, options) => again(() => log.readBackward(channel, through, options)),
    follow: (channel, handlers) => again(() => log.follow(channel, handlers)),
    close: () => log.close(),
  };
}
