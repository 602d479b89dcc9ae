import type { Member } from "./presence-book.ts";

/** A member of a channel: one client, however many connections it has. */
export interface PresentMember {
  readonly user: string;
  /** Tells the clients of a user apart. */
  readonly member: string;
  /** What the client gave; `null` when it gave nothing. */
  readonly state: unknown;
}

/** Who is in a channel. */
export interface ChannelPresence {
  readonly count: number;
  readonly members: readonly PresentMember[];
}

/** The members of a book as an application sees them. */
export function channelPresence(members: readonly Member[]): ChannelPresence {
  return {
    count: members.length,
    members: members.map(({ user, member, state }) => ({ user, member, state: JSON.parse(state) as unknown })),
  };
}
