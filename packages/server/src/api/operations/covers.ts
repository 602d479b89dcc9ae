import { ApiError } from "../api-error.ts";
import type { ApiKey } from "../api-keys.ts";

/** @throws ApiError `forbidden` for a channel that the key is not for. */
export function checkCovers(key: ApiKey, channel: string): void {
  if (!key.covers(channel))
    throw new ApiError(403, "forbidden", `This key is not for the channel ${JSON.stringify(channel.slice(0, 255))}.`);
}
