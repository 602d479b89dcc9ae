import { HawserError } from "@hawser/protocol";

/** How messages are compressed (permessage-deflate, RFC 7692), for the clients that take it. */
export interface CompressionOptions {
  /** 1 (fast) to 9 (small). Default 1. */
  readonly level?: number;
}

/** Most of what can be gained for little work: level 6 makes JSON a tenth smaller, and takes ten times as long. */
const defaultLevel = 1;

/**
 * The level to compress with, or `undefined`: nothing is compressed.
 *
 * @throws HawserError `option-invalid`
 */
export function compressionLevel(option: boolean | CompressionOptions | undefined): number | undefined {
  if (option === undefined || option === false) return undefined;
  if (option === true) return defaultLevel;
  if (typeof option !== "object" || option === null) throw refusal("compression", "must be true, false or { level }");
  const { level = defaultLevel, ...rest } = option;
  for (const name of Object.keys(rest)) throw refusal(`compression.${name}`, "is not an option of compression");
  if (!Number.isInteger(level) || level < 1 || level > 9)
    throw refusal("compression.level", "must be an integer from 1 to 9");
  return level;
}

function refusal(name: string, reason: string): HawserError {
  return new HawserError("option-invalid", `${name} ${reason}.`);
}
