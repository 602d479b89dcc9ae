import type { Admission } from "./admission.ts";

/** The publishes of a client that have no outcome. */
export interface OutboxStatus {
  /** Wait for room (`overflow: "wait"`). */
  readonly waiting: number;
  /** Were taken in, and not sent yet. */
  readonly queued: number;
  /** Were sent, and not answered yet. */
  readonly sent: number;
  /** Of the payloads of them all. */
  readonly bytes: number;
  /** When the oldest of them was published, in milliseconds since 1970; `undefined` when there is none. */
  readonly since: number | undefined;
}

/** A picture of the outbox. */
export function outboxStatusOf({ inside, line }: Admission): OutboxStatus {
  const taken = [...inside.items];
  const sent = taken.filter((item) => item.sent !== undefined).length;
  const [oldest] = [...taken, ...line.items];
  return {
    waiting: line.items.size,
    queued: taken.length - sent,
    sent,
    bytes: inside.bytes + line.bytes,
    since: oldest?.added?.now,
  };
}
