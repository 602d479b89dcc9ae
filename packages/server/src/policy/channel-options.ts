import type { Durability, LogCapabilities } from "@hawser/log";
import { compilePattern, defaultLimits, HawserError } from "@hawser/protocol";
import { clusterChannel } from "../cluster/cluster-record.ts";
import { lanes } from "../delivery/lane.ts";
import type { Lane } from "../delivery/lane.ts";
import { isPresenceChannel, presenceRetentionMs } from "../presence/presence-names.ts";
import { isRegisterChannel } from "../register/register-record.ts";
import type { ChannelPolicy, PresencePolicy } from "./channel-policy.ts";

/** How much of a channel is kept. What is above any of the three goes, oldest first. */
export interface RetentionOptions {
  /** Messages. 0: none, the channel is only ordered. Default 10,000. */
  readonly count?: number;
  /** Sum of payload bytes. Default 64 MiB. */
  readonly bytes?: number;
  /** Milliseconds. Default 7 days. */
  readonly ageMs?: number;
}

/** What holds for the channels of a pattern. What is left out has its default. */
export interface ChannelOptions {
  /** `*` stands for one segment, `**` at the end for one or more: `chat.*`, `sensor.**`. `$user.**`: the inboxes. */
  readonly pattern: string;
  readonly retention?: RetentionOptions;
  /** What `published` promises. Default `commit`, or the most that the log can do where that is less. */
  readonly durability?: Durability;
  /** How long a producer is remembered after its last publish. Default 1 hour; 0 where the log cannot. */
  readonly deduplicateMs?: number;
  /** Default 256 KiB. */
  readonly maxPayloadBytes?: number;
  /** For each session, over all channels of the pattern; 0: not limited. Default 0. */
  readonly publishesPerSecond?: number;
  /** Default true; for inboxes false, and not to be changed. */
  readonly clientsPublish?: boolean;
  /**
   * Of what waits for one connection, `interactive` is sent ahead of `normal`, and that ahead of `bulk`. Default `normal`.
   * A lane that would wait for too long gets an eighth of what goes ahead of it.
   */
  readonly lane?: Lane;
  /**
   * Whether a subscriber that is behind, however little, is sent of each `key` only the newest message: what a newer one has
   * taken the place of is left out. Messages without a key are all sent. Default false.
   */
  readonly conflate?: boolean;
  /**
   * Messages that one subscription is sent at most; 0: not limited. What is above it waits in the log, or in a conflated channel
   * is left out when a newer one of its key comes meanwhile. Default 0.
   */
  readonly deliveriesPerSecond?: number;
  /**
   * Whether its messages may be compressed, where the server's option `compression` is on. Default true, for inboxes
   * false; false where what one sends must not be guessed by another who sends to the same channel and sees how much is written.
   */
  readonly compress?: boolean;
  /** Whether clients can enter the channel and see who is there. Default false; true takes the defaults. */
  readonly presence?: boolean | PresenceOptions;
}

/** How the members of a channel are held. */
export interface PresenceOptions {
  /** How long a member stays whose connection has ended, before it is seen to leave. Default 10,000. */
  readonly graceMs?: number;
  /** Members of a channel, over all nodes. Past it: `presence-full`. Default 10,000. */
  readonly maxMembers?: number;
  /** Members of one user in a channel: clients, of which each page and program is one. Past it: `presence-full`. Default 100. */
  readonly maxMembersPerUser?: number;
  /** Of the JSON text of a member's state. Past it: `message-too-large`. Default 1,024; at most 16,384. */
  readonly maxStateBytes?: number;
}

/** The policy of a channel by its name. The answer for a name never changes. */
export type PolicyOf = (channel: string) => ChannelPolicy;

const MiB = 1024 * 1024;
const hourMs = 3_600_000;

/** What holds for a channel that no pattern names. */
export const defaultChannelPolicy: ChannelPolicy = {
  durability: "commit",
  retainCount: 10_000,
  retainBytes: 64 * MiB,
  retainAgeMs: 7 * 24 * hourMs,
  deduplicateMs: 1 * hourMs,
  maxPayloadBytes: defaultLimits.maxPayloadBytes,
  publishesPerSecond: 0,
  clientsPublish: true,
  lane: "normal",
  conflate: false,
  deliveriesPerSecond: 0,
  compress: true,
};

/** What holds for the members of a channel whose policy has presence. */
const defaultPresencePolicy: PresencePolicy = {
  graceMs: 10_000,
  maxMembers: 10_000,
  maxMembersPerUser: 100,
  maxStateBytes: 1_024,
};

/**
 * What holds for the channels in which the service itself keeps who is where: what their leases need, and nothing of it
 * has to outlive the machine.
 */
const controlPolicy: ChannelPolicy = {
  ...defaultChannelPolicy,
  durability: "memory",
  retainCount: 1_000_000,
  retainBytes: 256 * MiB,
  retainAgeMs: presenceRetentionMs,
  deduplicateMs: 0,
  clientsPublish: false,
};

/** What holds for registers: they outlive the process, and hold all that their nodes write anew in time. */
const registerPolicy: ChannelPolicy = {
  ...defaultChannelPolicy,
  durability: "commit",
  retainCount: 4_096,
  retainBytes: 128 * MiB,
  retainAgeMs: Infinity,
  deduplicateMs: 0,
  clientsPublish: false,
};

/**
 * What holds for the inboxes of users: there may be very many, and only the application publishes to them. They are not
 * compressed: what is meant for one user alone is where secrets stand beside what others have written, and nobody shares the work.
 */
export const defaultInboxPolicy: ChannelPolicy = {
  ...defaultChannelPolicy,
  retainCount: 1_000,
  retainBytes: 4 * MiB,
  clientsPublish: false,
  compress: false,
};

/** The only pattern of names that start with `$`. */
const inboxPattern = "$user.**";
const durabilityOrder: readonly Durability[] = ["memory", "commit", "flush"];
const optionNames: ReadonlySet<string> = new Set([
  "pattern",
  "retention",
  "durability",
  "deduplicateMs",
  "maxPayloadBytes",
  "publishesPerSecond",
  "clientsPublish",
  "lane",
  "conflate",
  "deliveriesPerSecond",
  "compress",
  "presence",
]);
const retentionNames: ReadonlySet<string> = new Set(["count", "bytes", "ageMs"]);

/**
 * The policies of an application's channels: the first pattern that matches a channel's name counts.
 *
 * @param capabilities - Those of the log that has to keep the policies.
 * @param maxMessageBytes - No payload can be larger than a message of the transport.
 * @throws HawserError `option-invalid`, naming pattern and option, for a value out of its range, an unknown name, and
 *   what the log cannot keep.
 */
export function channelPolicies(
  options: readonly ChannelOptions[],
  capabilities: LogCapabilities,
  maxMessageBytes: number,
): PolicyOf {
  const rules = options.map((option, index) => compile(option, index, capabilities, maxMessageBytes));
  const channelDefault = fitted(defaultChannelPolicy, capabilities, maxMessageBytes);
  const inboxDefault = fitted(defaultInboxPolicy, capabilities, maxMessageBytes);
  const control = fitted(controlPolicy, capabilities, maxMessageBytes);
  const register = fitted(registerPolicy, capabilities, maxMessageBytes);
  return (channel) => {
    if (isPresenceChannel(channel) || channel === clusterChannel) return control;
    if (isRegisterChannel(channel)) return register;
    const own = channel.startsWith("$");
    for (const rule of rules) if (rule.own === own && rule.matches(channel)) return rule.policy;
    return own ? inboxDefault : channelDefault;
  };
}

/** The shortest `deduplicateMs` of any channel that clients may publish to, which they are told (PUB-13); 0 where no log remembers. */
export function shortestDeduplicationMs(options: readonly ChannelOptions[], capabilities: LogCapabilities): number {
  if (!capabilities.deduplicates) return 0;
  const named = options.filter(({ pattern, clientsPublish }) => clientsPublish !== false && !pattern.startsWith("$"));
  const windows = named.map(({ deduplicateMs }) => deduplicateMs ?? defaultChannelPolicy.deduplicateMs);
  return Math.min(defaultChannelPolicy.deduplicateMs, ...windows.filter((windowMs) => windowMs > 0));
}

interface Rule {
  readonly matches: (channel: string) => boolean;
  /** Whether it stands for names that start with `$`, which no other pattern does. */
  readonly own: boolean;
  readonly policy: ChannelPolicy;
}

function compile(option: ChannelOptions, index: number, capabilities: LogCapabilities, maxMessageBytes: number): Rule {
  const where = typeof option?.pattern === "string" ? `channels "${option.pattern}"` : `channels[${index}]`;
  const refuse = (reason: string): never => {
    throw new HawserError("option-invalid", `${where}: ${reason}.`);
  };
  if (typeof option?.pattern !== "string") refuse("pattern must be a string");
  for (const name of Object.keys(option)) if (!optionNames.has(name)) refuse(`${name} is not an option`);
  for (const name of Object.keys(option.retention ?? {}))
    if (!retentionNames.has(name)) refuse(`retention.${name} is not an option`);
  checkPresence(option, maxMessageBytes, refuse);
  const own = option.pattern.startsWith("$");
  if (own && option.pattern !== inboxPattern)
    refuse(`names that start with $ are the service's own; only ${inboxPattern} can be given`);
  const policy = merge(option, fitted(own ? defaultInboxPolicy : defaultChannelPolicy, capabilities, maxMessageBytes));
  checkValues(policy, maxMessageBytes, refuse);
  if (own && policy.clientsPublish) refuse("clientsPublish cannot be true for inboxes");
  checkCapabilities(option, policy, capabilities, refuse);
  return { matches: compiled(option.pattern, refuse), own, policy };
}

function merge(option: ChannelOptions, defaults: ChannelPolicy): ChannelPolicy {
  return {
    durability: option.durability ?? defaults.durability,
    retainCount: option.retention?.count ?? defaults.retainCount,
    retainBytes: option.retention?.bytes ?? defaults.retainBytes,
    retainAgeMs: option.retention?.ageMs ?? defaults.retainAgeMs,
    deduplicateMs: option.deduplicateMs ?? defaults.deduplicateMs,
    maxPayloadBytes: option.maxPayloadBytes ?? defaults.maxPayloadBytes,
    publishesPerSecond: option.publishesPerSecond ?? defaults.publishesPerSecond,
    clientsPublish: option.clientsPublish ?? defaults.clientsPublish,
    lane: option.lane ?? defaults.lane,
    conflate: option.conflate ?? defaults.conflate,
    deliveriesPerSecond: option.deliveriesPerSecond ?? defaults.deliveriesPerSecond,
    compress: option.compress ?? defaults.compress ?? true,
    presence: presenceOf(option.presence),
  };
}

function presenceOf(option: boolean | PresenceOptions | undefined): PresencePolicy | undefined {
  if (option === undefined || option === false) return undefined;
  const named = option === true ? {} : option;
  return {
    graceMs: named.graceMs ?? defaultPresencePolicy.graceMs,
    maxMembers: named.maxMembers ?? defaultPresencePolicy.maxMembers,
    maxMembersPerUser: named.maxMembersPerUser ?? defaultPresencePolicy.maxMembersPerUser,
    maxStateBytes: named.maxStateBytes ?? defaultPresencePolicy.maxStateBytes,
  };
}

/** Defaults promise what the log can keep: they are no application's explicit wish. */
function fitted(policy: ChannelPolicy, capabilities: LogCapabilities, maxMessageBytes: number): ChannelPolicy {
  const possible = durabilityOrder
    .slice(0, durabilityOrder.indexOf(policy.durability) + 1)
    .filter((level) => capabilities.durabilities.includes(level));
  const durability = possible.at(-1) ?? capabilities.durabilities[0] ?? policy.durability;
  return {
    ...policy,
    durability,
    deduplicateMs: capabilities.deduplicates ? policy.deduplicateMs : 0,
    retainCount: capabilities.history === "none" ? 0 : policy.retainCount,
    maxPayloadBytes: Math.min(policy.maxPayloadBytes, maxMessageBytes),
  };
}

function checkValues(policy: ChannelPolicy, maxMessageBytes: number, refuse: (reason: string) => never): void {
  const inRange = (name: string, value: number, least: number, most: number = Number.MAX_SAFE_INTEGER): void => {
    if (!Number.isSafeInteger(value) || value < least || value > most)
      refuse(`${name} must be an integer from ${least} to ${most}`);
  };
  if (!durabilityOrder.includes(policy.durability)) refuse(`durability must be one of ${durabilityOrder.join(", ")}`);
  inRange("retention.count", policy.retainCount, 0);
  inRange("retention.bytes", policy.retainBytes, 1);
  inRange("retention.ageMs", policy.retainAgeMs, 1);
  inRange("deduplicateMs", policy.deduplicateMs, 0);
  inRange("maxPayloadBytes", policy.maxPayloadBytes, 1, maxMessageBytes);
  if (!Number.isFinite(policy.publishesPerSecond) || policy.publishesPerSecond < 0)
    refuse("publishesPerSecond must be a number from 0");
  if (!lanes.includes(policy.lane ?? "normal")) refuse(`lane must be one of ${lanes.join(", ")}`);
  if (typeof policy.conflate !== "boolean") refuse("conflate must be true or false");
  const { deliveriesPerSecond = 0 } = policy;
  if (!Number.isFinite(deliveriesPerSecond) || deliveriesPerSecond < 0)
    refuse("deliveriesPerSecond must be a number from 0");
  if (typeof policy.clientsPublish !== "boolean") refuse("clientsPublish must be true or false");
  if (typeof policy.compress !== "boolean") refuse("compress must be true or false");
}

function checkPresence(
  { presence, pattern }: ChannelOptions,
  maxMessageBytes: number,
  refuse: (reason: string) => never,
): void {
  if (presence === undefined || presence === false) return;
  if (pattern.startsWith("$")) refuse("presence cannot be had for inboxes");
  if (presence === true) return;
  if (typeof presence !== "object" || presence === null) refuse("presence must be true, false or its options");
  const most: Readonly<Record<string, number>> = {
    graceMs: presenceRetentionMs / 3,
    maxMembers: Number.MAX_SAFE_INTEGER,
    maxMembersPerUser: Number.MAX_SAFE_INTEGER,
    maxStateBytes: Math.min(16_384, maxMessageBytes),
  };
  for (const [name, value] of Object.entries(presence)) {
    const highest = most[name] ?? refuse(`presence.${name} is not an option`);
    if (value === undefined || (Number.isSafeInteger(value) && value >= 1 && value <= highest)) continue;
    refuse(`presence.${name} must be an integer from 1 to ${highest}`);
  }
}

function checkCapabilities(
  option: ChannelOptions,
  policy: ChannelPolicy,
  log: LogCapabilities,
  refuse: (reason: string) => never,
): void {
  if (!log.durabilities.includes(policy.durability)) {
    refuse(`the ${log.name} log cannot keep durability ${policy.durability}; it can: ${log.durabilities.join(", ")}`);
  }
  if (option.deduplicateMs !== undefined && option.deduplicateMs > 0 && !log.deduplicates) {
    refuse(`the ${log.name} log does not de-duplicate; leave deduplicateMs out`);
  }
  if (policy.retainCount === 0 && !log.ephemeral)
    refuse(`the ${log.name} log does not order channels that keep nothing; retention.count must be above 0`);
  if (policy.presence !== undefined && log.history === "none")
    refuse(`the ${log.name} log keeps nothing, and so no presence either`);
  if (option.retention?.count !== undefined && option.retention.count > 0 && log.history === "none") {
    refuse(`the ${log.name} log keeps no history; leave retention.count out`);
  }
}

function compiled(pattern: string, refuse: (reason: string) => never): (channel: string) => boolean {
  try {
    return compilePattern(pattern);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : "the pattern is malformed");
  }
}
