import { systemPorts } from "@hawser/protocol";
import type { Ports } from "@hawser/protocol";
import type { Log } from "@hawser/log";
import { addressOf } from "./connection/address.ts";
import { connect } from "./connection/connection.ts";
import { unavailable } from "./connection/link.ts";
import { keptDurabilities, serverFacts } from "./connection/server-facts.ts";
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
      const connection = await connect(await addressOf(options, connectTimeoutMs));
      try {
        return redisLog({ ...options, durabilities: keptDurabilities(await serverFacts(connection)) });
      } finally {
        connection.destroy();
      }
    } catch (error) {
      if (ports.clock.monotonic() >= deadline) throw unavailable(`Redis is not available: ${(error as Error).message}`);
      await new Promise<void>((resolve) => void ports.timers.after(maxBackoffMs / 4, resolve));
    }
  }
}
