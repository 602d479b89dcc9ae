import { HawserError } from "@hawser/protocol";
import type { PublishOptions } from "../node.ts";

/** A publisher that is a user has no longer name. */
const maxPublisherBytes = 128;

/**
 * What the application says of its message is bound as what clients say: it goes to every reader.
 *
 * @throws HawserError `payload-invalid`.
 */
export function checkPublishOptions({ key = "", publisher = "" }: PublishOptions, maxKeyBytes: number): void {
  refuseAbove("key", key, maxKeyBytes);
  refuseAbove("publisher", publisher, maxPublisherBytes);
}

function refuseAbove(name: string, value: unknown, maxBytes: number): void {
  if (typeof value !== "string" || Buffer.byteLength(value) > maxBytes)
    throw new HawserError("payload-invalid", `The ${name} must be a string of at most ${maxBytes} bytes.`);
}
