export { compilePattern, isChannelName, maxChannelNameBytes } from "./channel-name.ts";
export type { ClientCodec, Codec } from "./codec.ts";
export { messagesAbove, receive } from "./interval.ts";
export type { Reception } from "./interval.ts";
export { jsonCodec } from "./json/codec.ts";
export { maxJsonDepth } from "./json/scanner.ts";
export { defaultConnectTimeoutMs, defaultLimits, defaultMaxMessageBytes } from "./limits.ts";
export type { LimitName } from "./limits.ts";
export { isCarriable, messageCost, messageOverheadBytes } from "./payload.ts";
export { protobufClientCodec } from "./protobuf/client-codec.ts";
export { protobufCodec } from "./protobuf/codec.ts";
export {
  abnormalClosure,
  closeCodes,
  connectTimeout,
  frameMalformed,
  frameUnexpected,
  heartbeatTimeout,
  mayReconnect,
  noStatusReceived,
  normalClosure,
  socketCloseCodes,
  tokenInvalid,
  tooManyConnections,
} from "./close-codes.ts";
export { defineContract } from "./contract/contract.ts";
export type {
  CallDefinition,
  ChannelDefinition,
  ChannelName,
  Contract,
  ContractDefinition,
  MessageInputOf,
  MessageOf,
  MethodName,
  ReplyInputOf,
  ReplyOf,
  RequestInputOf,
  RequestOf,
} from "./contract/contract.ts";
export type {
  SchemaInput,
  SchemaOutput,
  StandardSchemaV1,
  StandardSchemaV1Issue,
  StandardSchemaV1Properties,
  StandardSchemaV1Result,
} from "./contract/standard-schema.ts";
export { validate, validateNow } from "./contract/validate.ts";
export { nextEpoch } from "./epoch.ts";
export { assert, HawserError } from "./errors.ts";
export type { ErrorCode, HawserErrorOptions } from "./errors.ts";
export type { ClientFrame, Frame, ServerFrame } from "./frames.ts";
export type { CallFrame, CancelFrame, ResultFrame } from "./frames/call-frames.ts";
export type {
  AuthenticatedFrame,
  AuthenticateFrame,
  CloseFrame,
  ConnectedFrame,
  ConnectFrame,
  ErrorFrame,
  MoveFrame,
  PingFrame,
  PongFrame,
  ReceivedFrame,
} from "./frames/connection-frames.ts";
export type { HistoryFrame, PageFrame } from "./frames/history-frames.ts";
export type {
  AbsentFrame,
  CensusFrame,
  EnteredFrame,
  EnterFrame,
  LeaveFrame,
  PresentFrame,
  RevokedFrame,
  UnwatchFrame,
  WatchedFrame,
  WatchFrame,
} from "./frames/presence-frames.ts";
export type { PublishedFrame, PublishFrame, RejectedFrame } from "./frames/publish-frames.ts";
export type {
  AttachSocketFrame,
  DetachSocketFrame,
  OpenSocketFrame,
  SocketAttachedFrame,
  SocketCloseFrame,
  SocketDataFrame,
  SocketOpenedFrame,
  SocketWindowFrame,
} from "./frames/socket-frames.ts";
export type {
  BatchFrame,
  CreditFrame,
  ResetFrame,
  ResetReason,
  SeekFrame,
  SubscribedFrame,
  SubscribeFrame,
  UnsubscribedFrame,
  UnsubscribeFrame,
} from "./frames/subscription-frames.ts";
export type { Interval, Message, Payload, Position } from "./message.ts";
export type { Clock, Random, Timer, Timers } from "./ports.ts";
export { FrameSplitter } from "./stream/frame-splitter.ts";
export { SocketReceiver } from "./socket/socket-receiver.ts";
export type { SocketReception } from "./socket/socket-receiver.ts";
export { SocketSender } from "./socket/socket-sender.ts";
export type { SocketClose } from "./socket/socket-sender.ts";
export { pieceCost, socketOverheadBytes } from "./socket/socket-piece.ts";
export type { SocketPiece } from "./socket/socket-piece.ts";
export {
  defaultMaxPieceBytes,
  defaultSocketLimits,
  defaultSocketResumeMs,
  defaultSocketWindowBytes,
} from "./socket/socket-limits.ts";
export type { SocketLimits } from "./socket/socket-limits.ts";
export { parseJson, payloadOf, valueOf } from "./payload-value.ts";
export { systemPorts } from "./platform/system-ports.ts";
export type { Ports } from "./platform/system-ports.ts";
export {
  decodeShared,
  encodeShared,
  markBytes,
  maxEnvelopeBytes,
  maxStreamNumber,
  sharedSubprotocol,
  streamPrefix,
} from "./shared/envelope.ts";
export type { SharedMessage } from "./shared/envelope.ts";
export { encodeText, strictTextOf } from "./text.ts";
