import type { Channel } from "../channel/channel.ts";
import { Membership } from "./membership.ts";
import { PresenceWatch } from "./presence-watch.ts";
import type { WatchPresenceOptions } from "./presence-watch.ts";

/**
 * Makes this client a member of a channel, until `close`: others who watch the channel see it, with its state.
 *
 * @param state - What others see of this client: JSON, at most the channel's `maxStateBytes`. Default `null`.
 *
 * @example
 * const me = enterPresence(client.channel("chat.general"), { typing: false });
 * me.update({ typing: true });
 *
 * @throws HawserError `option-invalid` when this client has entered already, `payload-invalid` for a state that is not JSON.
 */
export function enterPresence<State = null>(channel: Channel, state?: State): Membership<State> {
  return new Membership(channel, (state ?? null) as State);
}

/**
 * Watches who is in a channel.
 *
 * @example
 * const room = watchPresence<{ typing: boolean }>(client.channel("chat.general"));
 * room.addEventListener("join", ({ member }) => console.log(member.user, "came"));
 * for await (const members of room) console.log(members.size, "are here");
 *
 * @throws HawserError `option-invalid` when this client watches the channel already.
 */
export function watchPresence<State = unknown>(
  channel: Channel,
  options: WatchPresenceOptions = {},
): PresenceWatch<State> {
  return new PresenceWatch(channel, options);
}
