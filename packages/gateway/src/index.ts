export { Home } from "./home/home.ts";
export type { HomeObserver, HomeOptions } from "./home/home.ts";
export type { SocketCounts, SocketRecord } from "./home/socket-record.ts";
export { defaultHomeLimits } from "./home/home-limits.ts";
export type { HomeLimits } from "./home/home-limits.ts";
export { defaultBackendLimits } from "./backend/backend-options.ts";
export type { BackendFigures } from "./backend/backend.ts";
export type { BackendLimits, BackendOptions } from "./backend/backend-options.ts";
export type { UpstreamHandlers, UpstreamRequest, Upstreams, UpstreamSocket } from "./upstream/upstream-socket.ts";
export type { AccessLog, AccessRecord, PlainEnd, WayCounts } from "./proxy/access-log.ts";
export type { ProxyErrorCode } from "./proxy/answer.ts";
export type { AuthorizePlain, PlainRefusal } from "./proxy/authorize-plain.ts";
export { ProxyListener } from "./proxy/listener.ts";
export type { ProxyListenerOptions } from "./proxy/listener.ts";
export { defaultProxyLimits } from "./proxy/limits.ts";
export type { ProxyLimits } from "./proxy/limits.ts";
export type { IdentityHeaders } from "./proxy/plain-client.ts";
export { PlainProxy } from "./proxy/plain-proxy.ts";
export type { PlainProxyOptions } from "./proxy/plain-proxy.ts";
export type { PlainRequest } from "./proxy/plain-request.ts";
export { UpstreamRefused } from "./proxy/pool-port.ts";
export type { ProxyLease, ProxyPool, ProxyPoolRequest, ProxyPools, ProxyTarget } from "./proxy/pool-port.ts";
export type { HeaderChanges, RouteOptions } from "./proxy/route.ts";
export { createGateway, Gateway } from "./gateway.ts";
export { gatewayFaults } from "./gateway-options.ts";
export type {
  GatewayLimits,
  GatewayOptions,
  GatewayPoolOptions,
  GatewayReload,
  HttpPoolOptions,
  OptionFault,
} from "./gateway-options.ts";
export type { PoolFigures } from "./gateway-pools.ts";
export type {
  Balance,
  DnsOptions,
  HashBy,
  HealthOptions,
  TargetOptions,
  TargetPoolOptions,
} from "./pool/pool-options.ts";
export type { TargetFigures, TargetState } from "./pool/target.ts";
export type { TokenExchangeOptions } from "./upstream/token-exchange.ts";
export type { ClientHeaders } from "./headers/client-headers.ts";
export type { DurationFigures } from "./pool/durations.ts";
export { jsonAccessLog } from "./observe/json-access-log.ts";
export { NodeRelay } from "./relay/node-relay.ts";
export type { NodeRelayOptions, NodeRelayParts } from "./relay/node-relay.ts";
export { Relay } from "./relay/relay.ts";
export type { RelayOptions } from "./relay/relay.ts";
export { RelayListener } from "./relay/relay-listener.ts";
export type { RelayListenerOptions } from "./relay/relay-listener.ts";
export type { RelayDialer, RelayLink, RelayLinkHandlers } from "./relay/relay-link.ts";
export { wsRelayDialer } from "./relay/ws-relay-dialer.ts";
export type { WsRelayDialerOptions } from "./relay/ws-relay-dialer.ts";
