import { HawserError } from "@hawser/protocol";
import type { Payload, Timer } from "@hawser/protocol";
import { positiveOption, refuseOption } from "../option-invalid.ts";
import { assertOverflow } from "./options.ts";
import type { Overflow } from "./options.ts";
import type { Publication } from "./publication.ts";
import type { Stamp } from "./stamp.ts";

/** How one message is published. All but `key` has its effect until the message is first sent, and none after (PUB-12). */
export interface PublishOptions {
  /** Conflation key, at most 255 bytes. Default none. */
  readonly key?: string;
  /** Cancels the publish. */
  readonly signal?: AbortSignal;
  /** Ends the publish as `expired` when it was not sent within that time. Default: it waits as long as the client lives. */
  readonly ttlMs?: number;
  /**
   * Older messages of the channel with the same `key` are not wanted any more: they end as `cancelled`, `superseded`.
   * This one stands behind all others, as any new one does, so that the channel's order is kept. Default false.
   */
  readonly supersede?: boolean;
  /** What happens when the outbox is full. Default what `OutboxOptions.overflow` says. */
  readonly overflow?: Overflow;
}

/** What is to be published, with the handle that the application holds. */
export interface OutboxItem {
  readonly channel: string;
  readonly payload: Payload;
  readonly key: string;
  readonly publication: Publication;
  readonly ttlMs: number | undefined;
  readonly supersede: boolean;
  readonly overflow: Overflow | undefined;
  /** How many things it waits for before it may be sent: its schema, room in the outbox. */
  held: number;
  /** When it was published. */
  added?: Stamp;
  /** When it was first sent. */
  sent?: Stamp;
  /** Its time to live. */
  expiry?: Timer;
}

const maxKeyBytes = 255;

/** @throws HawserError `option-invalid`; `payload-invalid` for a key that is too long. */
export function outboxItem(
  channel: string,
  payload: Payload,
  publication: Publication,
  { key = "", ttlMs, supersede = false, overflow }: PublishOptions,
): OutboxItem {
  if (key !== "" && new TextEncoder().encode(key).length > maxKeyBytes)
    throw new HawserError("payload-invalid", `The key has more than ${maxKeyBytes} bytes`);
  if (ttlMs !== undefined) positiveOption("ttlMs", ttlMs);
  if (supersede && key === "") refuseOption("supersede", "for what has a `key`");
  if (overflow !== undefined) assertOverflow("overflow", overflow);
  return { channel, payload, key, publication, ttlMs, supersede, overflow, held: 0 };
}
