import type { HawserError } from "@hawser/protocol";
import type { SocketCloseEvent, SocketMessageEvent } from "../reconnecting-websocket/socket-events.ts";

/** Right before a `close` that was not clean. */
export interface SocketErrorEvent extends Event {
  /** What happened. Beyond the standard, which tells nothing: optional, so that its handlers fit. */
  readonly error?: HawserError | undefined;
}

/** The events of a `VirtualSocket`. */
export interface VirtualSocketEventMap {
  readonly open: Event;
  readonly message: SocketMessageEvent;
  readonly error: SocketErrorEvent;
  readonly close: SocketCloseEvent;
}

interface VirtualSocketEvents {
  addEventListener<Type extends keyof VirtualSocketEventMap>(
    type: Type,
    listener: (event: VirtualSocketEventMap[Type]) => unknown,
    options?: AddEventListenerOptions | boolean,
  ): void;
  removeEventListener<Type extends keyof VirtualSocketEventMap>(
    type: Type,
    listener: (event: VirtualSocketEventMap[Type]) => unknown,
  ): void;
}

/** The platform's `EventTarget` as a base class that knows these events, and takes any other. */
export const VirtualSocketTarget = EventTarget as unknown as { new (): VirtualSocketEvents & EventTarget };
