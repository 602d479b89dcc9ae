import { HawserError, isChannelName, maxChannelNameBytes } from "@hawser/protocol";
import type { ChannelPolicy, PresencePolicy } from "../policy/channel-policy.ts";

/** Where nodes show that they live, for all channels together. */
export const rosterChannel = "$presence";

/**
 * How long the log keeps what was said of presence. Everything that holds is said again well within it, so that a node
 * that has just begun needs no more than what the log holds.
 */
export const presenceRetentionMs = 300_000;

const prefix = `${rosterChannel}.`;

/** The channel of the log in which the members of `channel` enter and leave. No client can name it (SUB-14). */
export function controlChannelOf(channel: string): string {
  return prefix + channel;
}

/** Whether the log holds presence under this name. */
export function isPresenceChannel(name: string): boolean {
  return name === rosterChannel || name.startsWith(prefix);
}

/**
 * The policy by which a channel has members.
 *
 * @throws HawserError `channel-invalid` for a name that is none, is the service's own, or leaves no room for that of its
 *   control channel; `presence-unavailable`.
 */
export function checkPresenceChannel(name: string, policyOf: (channel: string) => ChannelPolicy): PresencePolicy {
  if (!isChannelName(name) || name.startsWith("$") || Buffer.byteLength(controlChannelOf(name)) > maxChannelNameBytes) {
    throw new HawserError("channel-invalid", `${JSON.stringify(name)} is not a channel that can have members.`);
  }
  const { presence } = policyOf(name);
  if (presence !== undefined) return presence;
  throw new HawserError("presence-unavailable", `The policy of ${JSON.stringify(name)} has no presence.`);
}

/** By what a member is known: a user's name has no white space. */
export function memberKey(user: string, member: string): string {
  return `${user} ${member}`;
}
