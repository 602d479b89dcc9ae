/**
 * The frames of the wire as values. Their meaning is in `spec/protocol.md`, their bytes in `spec/hawser.proto`.
 *
 * Offsets, sequences, epochs and byte counts are integers from 0 to 2^53 - 1; times are milliseconds since 1970.
 * A field that the wire leaves out is `undefined` here only where its absence has a meaning of its own; everywhere
 * else it has its default (0, "", false).
 */

import type { CallFrame, CancelFrame, ResultFrame } from "./frames/call-frames.ts";
import type {
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
import type { HistoryFrame, PageFrame } from "./frames/history-frames.ts";
import type {
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
import type { PublishedFrame, PublishFrame, RejectedFrame } from "./frames/publish-frames.ts";
import type {
  AttachSocketFrame,
  DetachSocketFrame,
  OpenSocketFrame,
  SocketAttachedFrame,
  SocketCloseFrame,
  SocketDataFrame,
  SocketOpenedFrame,
  SocketWindowFrame,
} from "./frames/socket-frames.ts";
import type {
  BatchFrame,
  CreditFrame,
  ResetFrame,
  SeekFrame,
  SubscribedFrame,
  SubscribeFrame,
  UnsubscribedFrame,
  UnsubscribeFrame,
} from "./frames/subscription-frames.ts";

/** What a client sends. */
export type ClientFrame =
  | ConnectFrame
  | AuthenticateFrame
  | SubscribeFrame
  | UnsubscribeFrame
  | SeekFrame
  | CreditFrame
  | PublishFrame
  | HistoryFrame
  | CallFrame
  | CancelFrame
  | EnterFrame
  | LeaveFrame
  | WatchFrame
  | UnwatchFrame
  | OpenSocketFrame
  | AttachSocketFrame
  | SocketDataFrame
  | SocketWindowFrame
  | SocketCloseFrame
  | PingFrame
  | PongFrame
  | ReceivedFrame
  | CloseFrame;

/** What a server sends. */
export type ServerFrame =
  | ConnectedFrame
  | AuthenticatedFrame
  | SubscribedFrame
  | UnsubscribedFrame
  | BatchFrame
  | ResetFrame
  | PublishedFrame
  | RejectedFrame
  | PageFrame
  | ResultFrame
  | EnteredFrame
  | WatchedFrame
  | PresentFrame
  | AbsentFrame
  | CensusFrame
  | RevokedFrame
  | SocketOpenedFrame
  | SocketAttachedFrame
  | SocketDataFrame
  | SocketWindowFrame
  | SocketCloseFrame
  | DetachSocketFrame
  | ErrorFrame
  | MoveFrame
  | PingFrame
  | PongFrame
  | CloseFrame;

/** Any frame, of either side. */
export type Frame = ClientFrame | ServerFrame;
