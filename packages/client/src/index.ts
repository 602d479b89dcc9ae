export { Channel } from "./channel/channel.ts";
export type { SubscribeOptions } from "./channel/channel.ts";
export type { Placement } from "./channel/placement.ts";
export type { StoredPosition, SubscribeFrom } from "./channel/start.ts";
export type { LostEvent, ResetEvent, SubscribedEvent } from "./channel/stream-item.ts";
export { Subscription } from "./channel/subscription.ts";
export type { EndedEvent, InvalidEvent, ReceivedMessage, SubscriptionEvents } from "./channel/subscription.ts";
export type { CallOptions } from "./call/call.ts";
export { ConnectionSet } from "./connection-set/connection-set.ts";
export type { ConnectionSetEvents, MemberMessage } from "./connection-set/connection-set.ts";
export type { MemberOptions } from "./connection-set/member.ts";
export type { ConnectionSetOptions } from "./connection-set/options.ts";
export type {
  AllPolicy,
  ConnectionSetPolicy,
  FailoverPolicy,
  MirrorPolicy,
  SplitPolicy,
} from "./connection-set/policy.ts";
export type { ConnectionSetStatus, MemberClosure, MemberStatus, SendOutcome } from "./connection-set/status.ts";
export { Client, createClient } from "./client.ts";
export type { ClientEvents } from "./client.ts";
export type { HawserEvent, ListenerOptions } from "./events/typed-event-target.ts";
export { readHistory } from "./history/history.ts";
export type { HistoryOptions, HistoryPage } from "./history/history.ts";
export type { ClientOptions, ConnectionPlan } from "./options.ts";
export type { OutboxOptions, Overflow } from "./outbox/options.ts";
export type { PublishOptions } from "./outbox/outbox-item.ts";
export { Publication } from "./outbox/publication.ts";
export type { FailedState, PublicationEvents, PublicationState, Published } from "./outbox/publication.ts";
export type { OutboxStatus } from "./outbox/status.ts";
export { platformPageLife } from "./page-life/page-life.ts";
export type { PageLife, PageLifeHandlers } from "./page-life/page-life.ts";
export { Membership } from "./presence/membership.ts";
export type { MembershipEvents } from "./presence/membership.ts";
export type { PresenceMember } from "./presence/member-map.ts";
export { enterPresence, watchPresence } from "./presence/presence.ts";
export { PresenceWatch } from "./presence/presence-watch.ts";
export type { PresenceWatchEvents, WatchPresenceOptions } from "./presence/presence-watch.ts";
export { ReconnectingWebSocket } from "./reconnecting-websocket/reconnecting-websocket.ts";
export type { SocketAddress } from "./reconnecting-websocket/address-source.ts";
export type { LostConnection, ReconnectingWebSocketOptions } from "./reconnecting-websocket/options.ts";
export type {
  PlatformWebSocket,
  PlatformWebSocketClass,
  SocketClosure,
} from "./reconnecting-websocket/physical-socket.ts";
export type { SendQueueOptions } from "./reconnecting-websocket/send-queue.ts";
export type { ReceivedData, SocketData } from "./reconnecting-websocket/socket-data.ts";
export type {
  ReconnectingWebSocketEventMap,
  SocketCloseEvent,
  SocketMessageEvent,
  SocketReconnectingEvent,
  SocketStatusEvent,
} from "./reconnecting-websocket/socket-events.ts";
export type { SocketHeartbeatOptions } from "./reconnecting-websocket/socket-heartbeat.ts";
export type { SocketStatus } from "./reconnecting-websocket/status.ts";
export type { BackoffOptions } from "./session/backoff.ts";
export type { LinkHealth } from "./session/link-health.ts";
export type { Token } from "./session/token-source.ts";
export type { Statistics } from "./statistics.ts";
export type { ClientStatus, ConnectionStatus } from "./status.ts";
export type { Connector, Transport, TransportHandlers } from "./transport/transport.ts";
export { fallbackConnector } from "./transport/fallback-connector.ts";
export type { FallbackOptions } from "./transport/fallback-connector.ts";
export type { TransportStore } from "./transport/transport-memory.ts";
export { httpPollingConnector, httpStreamConnector } from "./transport/http/http-connector.ts";
export type { HttpConnectorOptions } from "./transport/http/http-connector.ts";
export { webSocketConnector } from "./transport/websocket-connector.ts";
export type { WebSocketClass, WebSocketConnectorOptions, WebSocketLike } from "./transport/websocket-connector.ts";
export { openSocket } from "./virtual-socket/open-socket.ts";
export type { OpenSocket } from "./virtual-socket/open-socket.ts";
export type { VirtualSocketOptions } from "./virtual-socket/options.ts";
export { VirtualSocket } from "./virtual-socket/virtual-socket.ts";
export type { SocketHost, VirtualAddress } from "./virtual-socket/virtual-socket.ts";
export type { SocketErrorEvent, VirtualSocketEventMap } from "./virtual-socket/virtual-socket-events.ts";
export { virtualWebSocket } from "./virtual-socket/virtual-web-socket.ts";
export type {
  VirtualTarget,
  VirtualWebSocketClass,
  VirtualWebSocketOptions,
} from "./virtual-socket/virtual-web-socket.ts";
export { defineContract, HawserError, jsonCodec } from "@hawser/protocol";
export type { Contract, ErrorCode, Interval, Ports, Position } from "@hawser/protocol";
