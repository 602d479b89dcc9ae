export { Home } from "./home/home.ts";
export type { HomeObserver, HomeOptions } from "./home/home.ts";
export { defaultHomeLimits } from "./home/home-limits.ts";
export type { HomeLimits } from "./home/home-limits.ts";
export type { UpstreamHandlers, UpstreamRequest, Upstreams, UpstreamSocket } from "./upstream/upstream-socket.ts";
export { Relay } from "./relay/relay.ts";
export type { RelayOptions } from "./relay/relay.ts";
export type { RelayDialer, RelayLink, RelayLinkHandlers } from "./relay/relay-link.ts";
