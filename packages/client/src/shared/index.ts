/** Connections that the tabs of a browser share. Apart from the package's main entry, so that others do not load it. */
export { defaultHostLimits } from "./host-limits.ts";
export type { SharedHostLimits } from "./host-limits.ts";
export type { MessagePortLike } from "./line.ts";
export type { LockManagerLike } from "./liveness.ts";
export { browserPlatform } from "./platform.ts";
export type { SharedPlatform, SharedWorkerLike } from "./platform.ts";
export { serveSharedWorker } from "./serve-shared-worker.ts";
export type { ServeSharedWorkerOptions, SharedWorkerScope } from "./serve-shared-worker.ts";
export { sharedConnector } from "./shared-connector.ts";
export type { SharedConnectorOptions } from "./shared-connector.ts";
export type { BroadcastChannelClass, BroadcastChannelLike } from "./tab-line.ts";
