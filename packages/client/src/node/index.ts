export { tcpConnector } from "./tcp-connector.ts";
export type { TcpConnectorOptions } from "./tcp-connector.ts";
