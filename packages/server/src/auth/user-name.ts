import { isChannelName } from "@hawser/protocol";

/** Names that the server itself gives to those who bring none. */
export const anonymousPrefix = "anonymous-";

/** A user's name counts together with producers, whose identity the log bounds. */
const maxUserBytes = 128;

/** Whether a string can name a user: 1 to 128 bytes of UTF-8 that can stand in the name of a channel, the user's inbox. */
export function isUserName(name: string): boolean {
  return name.length <= maxUserBytes && Buffer.byteLength(name) <= maxUserBytes && isChannelName(`$user.${name}`);
}
