/** Names that the server itself gives to those who bring none. */
export const anonymousPrefix = "anonymous-";

/** A user's name counts together with producers and names an inbox, so it is bounded. */
const maxUserBytes = 128;

/** Control characters, white space and separators would break log lines and channel names. */
const forbiddenCharacters = /[\p{Cc}\p{Cs}\p{Z}*{}]/u;

/** Whether a string can name a user: 1 to 128 bytes of UTF-8, without control characters, white space, `*`, `{`, `}`. */
export function isUserName(name: string): boolean {
  return name.length > 0 && name.length <= maxUserBytes && Buffer.byteLength(name) <= maxUserBytes && !forbiddenCharacters.test(name);
}
