import { systemPorts } from "@hawser/protocol";
import type { Ports } from "@hawser/protocol";
import type { Log } from "@hawser/log";
import { addressOf } from "./connection/address.ts";
import { connect } from "./connection/connection.ts";
import { inTime } from "./connection/in-time.ts";
import { keptDurabilities, serverFacts } from "./connection/server-facts.ts";
import { isRefused, unavailable } from "./connection/unavailable.ts";
import { settingsOf } from "./options.ts";
import type { RedisLogOptions } from "./options.ts";
import { redisLog } from "./redis-log.ts";

/**
 * `redisLog` with the durabilities that the server is set to keep: it is asked first, for at most `openTimeoutMs`. Channels
 * that ask for more are then refused by the server that uses the log.
 *
 * Throws as `redisLog` does, and `log-unavailable` where no server answers.
 */
export async function redisLogAsSet(
  options: RedisLogOptions = {},
  ports: Pick<Ports, "clock" | "timers"> = systemPorts(),
): Promise<Log> {
  const { openTimeoutMs, connectTimeoutMs, maxBackoffMs } = settingsOf(options);
  const deadline = ports.clock.monotonic() + openTimeoutMs;
  for (;;) {
    try {
      const facts = await inTime(ports.timers, connectTimeoutMs, async (ends) => {
        const connection = await connect(await addressOf(options, connectTimeoutMs, ends), ends);
        const found = await serverFacts(connection);
        connection.destroy();
        return found;
      });
      return redisLog({ ...options, durabilities: keptDurabilities(facts) });
    } catch (error) {
      if (isRefused(error) || ports.clock.monotonic() >= deadline)
        throw unavailable(`Redis is not available: ${(error as Error).message}`);
      await new Promise<void>((resolve) => void ports.timers.after(maxBackoffMs / 4, resolve));
    }
  }
}
