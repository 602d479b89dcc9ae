import type { AccessLog } from "../proxy/access-log.ts";

/**
 * Writes one JSON object a line for each plain connection and each virtual socket, when it has ended: `kind` is `plain` or `socket`.
 * Times are in milliseconds, `time` is as RFC 3339 says.
 *
 * @param write - Takes one line with its line feed.
 */
export function jsonAccessLog(write: (line: string) => void): Required<AccessLog> {
  const line = (kind: string, { at, ...record }: { readonly at: number }): void =>
    write(`${JSON.stringify({ time: new Date(at).toISOString(), kind, ...record })}\n`);
  return { record: (record) => line("plain", record), socket: (record) => line("socket", record) };
}
