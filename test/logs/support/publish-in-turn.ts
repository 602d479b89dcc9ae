import type { Log } from "@hawser/log";
import { numbered } from "@hawser/log/conformance";

/** What {@link publishInTurn} did. */
export interface Published {
  /** So far. */
  accepted: number;
}

/** Publishes `count` messages of one producer, a few at a time, over one log after the other; what fails is sent again. */
export async function publishInTurn(
  logs: readonly Log[],
  channel: string,
  count: number,
  published: Published,
): Promise<void> {
  for (let turn = 0; published.accepted < count; turn += 1) {
    const first = published.accepted + 1;
    const appends = Array.from({ length: Math.min(8, count - published.accepted) }, (_, index) =>
      numbered(channel, "p", first + index),
    );
    for (const { kind } of await logs[turn % logs.length]!.append(appends)) {
      if (kind !== "accepted" && kind !== "duplicate") break;
      published.accepted += 1;
    }
  }
}
