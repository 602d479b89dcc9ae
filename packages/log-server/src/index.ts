export type { ServerLimits } from "./limits.ts";
export type { Connector, Link, LinkHandlers, Listener, Listening } from "./link.ts";
export { remoteLog } from "./remote/remote-log.ts";
export type { RemoteLogOptions } from "./remote/remote-options.ts";
export { serveLog } from "./served/serve-log.ts";
export type { LogServer, ServeLogOptions } from "./served/serve-log.ts";
export { pairedConnector, pairedListener } from "./socket/paired-sockets.ts";
export type { PairedListener } from "./socket/paired-sockets.ts";
export type { SocketAddress } from "./socket/socket-address.ts";
