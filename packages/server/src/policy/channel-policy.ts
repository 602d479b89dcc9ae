import type { LogPolicy } from "@hawser/log";

/** What holds for the channels of a pattern. The first pattern that matches counts. */
export interface ChannelPolicy extends LogPolicy {
  readonly maxPayloadBytes: number;
  /** Publishes per second and session; 0: not limited. */
  readonly publishesPerSecond: number;
  /** Whether clients may publish at all. */
  readonly clientsPublish: boolean;
}
