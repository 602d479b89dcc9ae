export { Home } from "./home/home.ts";
export type { HomeObserver, HomeOptions } from "./home/home.ts";
export { defaultHomeLimits } from "./home/home-limits.ts";
export type { HomeLimits } from "./home/home-limits.ts";
export type { UpstreamHandlers, UpstreamRequest, Upstreams, UpstreamSocket } from "./upstream/upstream-socket.ts";
