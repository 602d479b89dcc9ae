/** What the benchmark asks the process that holds the sessions. */
export type SessionsCommand =
  | {
      readonly type: "start";
      readonly dialect: "hawser" | "ws";
      readonly port: number;
      readonly sessions: number;
    }
  /** Cuts every connection at once. */
  | { readonly type: "cut" }
  /** Connects every session again, without a delay. */
  | { readonly type: "reconnect" };

export interface Reconnection {
  /** Until the last session has all that it missed; for `ws`, until the last connection is open. */
  readonly caughtUpMs: number;
  /** Until the last connection is open. */
  readonly openMs: number;
  /** Processor time of the load by wall time; 1 is a whole core. */
  readonly loadCpu: number;
}

export type SessionsReply =
  | { readonly type: "done" }
  | { readonly type: "reconnected"; readonly reconnection: Reconnection };

/** What the benchmark asks a server. */
export type StormServerCommand =
  | { readonly type: "listen" }
  /** Publishes what the sessions miss, while they are away. */
  | { readonly type: "publish" }
  | { readonly type: "usage" };

export type StormServerReply =
  | { readonly type: "listening"; readonly port: number }
  | { readonly type: "published" }
  | { readonly type: "usage"; readonly cpuMs: number };

/** Each session reads three channels: one of each group. */
export const groups = 3;
/** Channels of a group. */
export const channelsOfGroup = 100;
/** Messages of each channel that a session misses: 30 in all. */
export const missedEach = 10;

export function channelName(group: number, index: number): string {
  return `room.${group}.${index % channelsOfGroup}`;
}
