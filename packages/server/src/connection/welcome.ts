import type { Clock, ConnectedFrame } from "@hawser/protocol";
import type { Identity } from "../auth/identity.ts";
import type { NodeServices } from "../node-services.ts";

/** What a client is told once it is known (CON-3). */
export function welcome(services: NodeServices, session: string, identity: Identity): ConnectedFrame {
  const { name, limits, clock, deduplicateMs = 0 } = services;
  return {
    type: "connected",
    session,
    node: name,
    user: identity.user,
    expiresInMs: expiresInMs(identity, clock),
    heartbeatMs: limits.heartbeatMs,
    maxMessageBytes: limits.maxMessageBytes,
    maxSubscriptions: limits.maxSubscriptions,
    maxRequests: limits.maxRequests,
    time: clock.now(),
    deduplicateMs,
  };
}

/** As the wire says it: 0 for an identity that does not expire. */
export function expiresInMs({ expiresAt }: Identity, clock: Clock): number {
  if (expiresAt === undefined) return 0;
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(1, Math.round(expiresAt - clock.now())));
}
