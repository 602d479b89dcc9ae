import type { LogPolicy } from "@hawser/log";
import type { Lane } from "../delivery/lane.ts";

/** What holds for the channels of a pattern. The first pattern that matches counts. */
export interface ChannelPolicy extends LogPolicy {
  readonly maxPayloadBytes: number;
  /** Publishes per second and session; 0: not limited. */
  readonly publishesPerSecond: number;
  /** Whether clients may publish at all. */
  readonly clientsPublish: boolean;
  /** In which priority class it is delivered; `undefined`: `normal`. */
  readonly lane?: Lane | undefined;
  /** Whether a subscriber that is behind gets of each key only the newest message. */
  readonly conflate?: boolean | undefined;
  /** Messages a second that one subscription is sent at most; 0 or `undefined`: not limited. */
  readonly deliveriesPerSecond?: number | undefined;
  /** Whether its blocks may be compressed, where the node compresses. Default true. */
  readonly compress?: boolean;
  /** How the channel's members are held; `undefined`: it has none. */
  readonly presence?: PresencePolicy | undefined;
}

/** What holds for the members of a channel. */
export interface PresencePolicy {
  /** How long a member stays whose connection has ended. */
  readonly graceMs: number;
  /** Over all nodes. */
  readonly maxMembers: number;
  /** Of one user, over all nodes. */
  readonly maxMembersPerUser: number;
  /** Of the JSON text of a member's state. */
  readonly maxStateBytes: number;
}
