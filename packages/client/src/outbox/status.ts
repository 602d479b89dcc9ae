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
export function outboxStatusOf({ inside, line, bytes }: Admission): OutboxStatus {
  const sent = [...inside].filter((item) => item.sent !== undefined).length;
  const [oldest] = [...inside, ...line];
  return { waiting: line.size, queued: inside.size - sent, sent, bytes, since: oldest?.added?.now };
}
