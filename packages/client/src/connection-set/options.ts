import { HawserError, systemPorts } from "@hawser/protocol";
import type { Ports } from "@hawser/protocol";
import { positiveOption } from "../option-invalid.ts";
import type { ReconnectingWebSocketOptions } from "../reconnecting-websocket/options.ts";
import { defaultSendQueue } from "../reconnecting-websocket/send-queue.ts";
import type { SendQueueOptions } from "../reconnecting-websocket/send-queue.ts";
import type { MemberOptions } from "./member.ts";
import type { ConnectionSetPolicy } from "./policy.ts";

/** What a connection set is made of. Durations are milliseconds; a wrong value makes the constructor throw `option-invalid`. */
export interface ConnectionSetOptions {
  /** By name, in the order of `failover` (of names that are integers, the rising one). More can be added. Default none. */
  readonly members?: Readonly<Record<string, MemberOptions>>;
  /** Default `{ kind: "all" }`. The kind alone will do, but for `mirror`. */
  readonly policy?: ConnectionSetPolicy | "failover" | "all" | "split";
  /** For all members; what a member says itself counts more. `ports` here are those of the set too. */
  readonly defaults?: ReconnectingWebSocketOptions;
  /** Whether the members are opened with the set, and when they are added. Otherwise by `open`. Default true. */
  readonly autoOpen?: boolean;
  /** Members at a time. Default 30: browsers have bounds of their own, and no clear error when they are reached. */
  readonly maxMembers?: number;
  /** Messages that one reader of the set has not read. Default 10,000; past it the reader gets `overloaded`. */
  readonly maxUnread?: number;
  /** What waits for whichever member opens, with `failover` and with `split` in turn. Defaults in `SendQueueOptions`. */
  readonly queue?: Partial<SendQueueOptions>;
}

/** Options with their defaults. */
export interface ResolvedSetOptions {
  readonly policy: ConnectionSetPolicy;
  readonly defaults: ReconnectingWebSocketOptions;
  readonly ports: Ports;
  readonly autoOpen: boolean;
  readonly maxMembers: number;
  readonly maxUnread: number;
  readonly queue: SendQueueOptions;
}

/** Fills in defaults. @throws HawserError `option-invalid`, which names the option and what it takes. */
export function resolveSetOptions(options: ConnectionSetOptions): ResolvedSetOptions {
  const { policy = "all", defaults = {} } = options;
  const ports = defaults.ports ?? systemPorts();
  const resolved: ResolvedSetOptions = {
    policy: typeof policy === "string" ? { kind: policy } : policy,
    // One clock for the set and its members.
    defaults: { ...defaults, ports },
    ports,
    autoOpen: options.autoOpen ?? true,
    maxMembers: options.maxMembers ?? 30,
    maxUnread: options.maxUnread ?? 10_000,
    queue: { ...defaultSendQueue, ...options.queue },
  };
  positiveOption("maxMembers", resolved.maxMembers);
  positiveOption("maxUnread", resolved.maxUnread);
  positiveOption("queue.maxMessages", resolved.queue.maxMessages);
  positiveOption("queue.maxBytes", resolved.queue.maxBytes);
  checkPolicy(resolved.policy);
  return resolved;
}

function checkPolicy(policy: ConnectionSetPolicy): void {
  switch (policy.kind) {
    case "failover":
      if (policy.switchBackAfterMs !== undefined && policy.switchBackAfterMs !== "never")
        positiveOption("policy.switchBackAfterMs", policy.switchBackAfterMs);
      return;
    case "mirror":
      if (typeof policy.key !== "function")
        throw new HawserError("option-invalid", "`policy.key` is a function that names what all copies have in common");
      positiveOption("policy.windowMessages", policy.windowMessages ?? 1);
      positiveOption("policy.windowMs", policy.windowMs ?? 1);
      return;
    case "all":
    case "split":
      return;
    default:
      throw new HawserError("option-invalid", '`policy` is "failover", "mirror", "all" or "split"');
  }
}
