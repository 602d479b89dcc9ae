/**
 * The server without sockets and HTTP: for those who drive it through ports of their own, as the simulator does.
 */
export type { Signer } from "./auth/grant.ts";
export type {
  Authenticate,
  AuthenticateRequest,
  Authorize,
  AuthorizeRequest,
  Capability,
  Identity,
  Verb,
} from "./auth/identity.ts";
export { encodeFramed, joinFramed } from "./delivery/block.ts";
export type { Encoding } from "./delivery/block.ts";
export type { Deflate } from "./delivery/compression.ts";
export { lanes } from "./delivery/lane.ts";
export type { Lane } from "./delivery/lane.ts";
export { Scheduler } from "./delivery/scheduler.ts";
export type { Source, SourceReader } from "./delivery/source.ts";
export type { DrainOptions } from "./drain/drain-options.ts";
export type { DrainProgress, MoveEvent } from "./drain/drain.ts";
export { HawserNode } from "./node.ts";
export type { PublishOptions } from "./node.ts";
export type { CallContext, CallHandler, NodeLimits, NodeOptions } from "./node-options.ts";
export { silentLogger } from "./observe/logger.ts";
export type { Logger } from "./observe/logger.ts";
export { silentObserver } from "./observe/observer.ts";
export type { NodeObserver } from "./observe/observer.ts";
export type { ChannelPolicy } from "./policy/channel-policy.ts";
export { defaultLimits } from "./policy/limits.ts";
export type { Limits } from "./policy/limits.ts";
export type { SocketClient, SocketFrame, SocketHandler, SocketService } from "./sockets/socket-service.ts";
export type { Framing, Peer, Transport, TransportHandlers } from "./transport/transport.ts";
