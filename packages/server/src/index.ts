export { adminToken } from "./admin/admin-token.ts";
export type { AdminTokenOptions } from "./admin/admin-token.ts";
export type { DrainStatus } from "./admin/drain-endpoint.ts";
export { ApiError, requestInvalid } from "./api/api-error.ts";
export type { ApiErrorBody, ApiErrorCode } from "./api/api-error.ts";
export type { ApiKey, ApiKeyOptions, ApiScope } from "./api/api-keys.ts";
export type { ApiOptions } from "./api/api-options.ts";
export { fieldsOf } from "./api/fields.ts";
export type { ApiAnswer, ApiCall, Operation } from "./api/operation.ts";
export { anonymous } from "./auth/anonymous.ts";
export type { AnonymousOptions } from "./auth/anonymous.ts";
export { hmacSigner } from "./auth/hmac-signer.ts";
export type {
  Authenticate,
  AuthenticateRequest,
  Authorize,
  AuthorizeRequest,
  Capability,
  Identity,
  Verb,
} from "./auth/identity.ts";
export { jwt } from "./auth/jwt.ts";
export type { JwtOptions } from "./auth/jwt.ts";
export type { JwtAlgorithm, JwtKeyOptions } from "./auth/jwt-keys.ts";
export type { ClusterCounts, ClusterEvent, ClusterListener, ClusterNode, ClusterView } from "./cluster/cluster.ts";
export type { ClusterOptions } from "./cluster/cluster-options.ts";
export { createServer, HawserServer } from "./create-server.ts";
export type { Lane } from "./delivery/lane.ts";
export type { DrainOptions } from "./drain/drain-options.ts";
export type { DrainProgress } from "./drain/drain.ts";
export type { ServerGroup } from "./group.ts";
export { addressGroup, addressOf, addressRanges } from "./http/address.ts";
export type { AddressOf } from "./http/address.ts";
export type { OriginPolicy } from "./http/origin.ts";
export type { PublishOptions } from "./node.ts";
export type { CallContext, CallHandler } from "./node-options.ts";
export { jsonLogger, silentLogger } from "./observe/logger.ts";
export type { JsonLoggerOptions, LogFields, Logger, LogLevel } from "./observe/logger.ts";
export { processMetrics } from "./observe/process-metrics.ts";
export type { ProcessMetrics } from "./observe/process-metrics.ts";
export type { CallHandlers, ServerOptions } from "./options.ts";
export type { CompressionOptions } from "./policy/compression-options.ts";
export { channelPolicies } from "./policy/channel-options.ts";
export type { ChannelOptions, PresenceOptions, RetentionOptions } from "./policy/channel-options.ts";
export type { ChannelPolicy, PresencePolicy } from "./policy/channel-policy.ts";
export { defaultLimits } from "./policy/limits.ts";
export type { Limits } from "./policy/limits.ts";
export type { OnRegistered, Register } from "./register/register.ts";
export type { PartHost, ServerPart } from "./server-part.ts";
export type { SocketClient, SocketFrame, SocketHandler, SocketService } from "./sockets/socket-service.ts";
export type { TcpOptions } from "./tcp/tcp-door.ts";
export type { ChannelPresence, PresentMember } from "./presence/channel-presence.ts";
export type { Peer } from "./transport/transport.ts";
