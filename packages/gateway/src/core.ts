export type { UpstreamHandlers, UpstreamRequest, Upstreams, UpstreamSocket } from "./upstream/upstream-socket.ts";
