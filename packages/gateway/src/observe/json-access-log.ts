import type { AccessLog, AccessRecord } from "../proxy/access-log.ts";

/**
 * Writes one JSON object a line for each plain connection, when it has ended. Times are in milliseconds, `time` is as RFC 3339 says.
 *
 * @param write - Takes one line with its line feed.
 */
export function jsonAccessLog(write: (line: string) => void): AccessLog {
  return {
    record: ({ at, ...record }: AccessRecord) =>
      write(`${JSON.stringify({ time: new Date(at).toISOString(), ...record })}\n`),
  };
}
