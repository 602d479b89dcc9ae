import type { LostConnection } from "./options.ts";
import type { SocketClosure } from "./physical-socket.ts";
import type { ReceivedData } from "./socket-data.ts";
import type { SocketStatus } from "./status.ts";

/** A `MessageEvent`, as far as sockets fill it in. */
export interface SocketMessageEvent extends Event {
  readonly data: ReceivedData;
  /** Of the endpoint, as `wss://example.com`. */
  readonly origin: string;
}

/** A `CloseEvent`. */
export interface SocketCloseEvent extends Event, SocketClosure {}

/** A connection was lost, or not made, and there will be another. */
export interface SocketReconnectingEvent extends Event, LostConnection {
  /** How long it is until the next attempt. */
  readonly delayMs: number;
}

/** The state changed, or the round trip. */
export interface SocketStatusEvent extends Event {
  readonly status: SocketStatus;
}

/** The events of a `ReconnectingWebSocket`: those of the standard, and two more. */
export interface ReconnectingWebSocketEventMap {
  /** There is a connection: the first, or a new one after `reconnecting`. */
  readonly open: Event;
  readonly message: SocketMessageEvent;
  /** Right before a `close` that was not clean. */
  readonly error: Event;
  /** Once: it is over for good. */
  readonly close: SocketCloseEvent;
  readonly reconnecting: SocketReconnectingEvent;
  readonly status: SocketStatusEvent;
}

interface SocketEvents {
  addEventListener<Type extends keyof ReconnectingWebSocketEventMap>(
    type: Type,
    listener: (event: ReconnectingWebSocketEventMap[Type]) => unknown,
    options?: boolean | { readonly once?: boolean; readonly signal?: AbortSignal },
  ): void;
  removeEventListener<Type extends keyof ReconnectingWebSocketEventMap>(
    type: Type,
    listener: (event: ReconnectingWebSocketEventMap[Type]) => unknown,
  ): void;
}

/** The platform's `EventTarget` as a base class that knows these events, and takes any other. */
export const SocketEventTarget = EventTarget as unknown as { new (): SocketEvents & EventTarget };

/** What the platform's event classes are called where it has them: Node has no `CloseEvent` before 23. */
interface EventClasses {
  readonly CloseEvent?: new (type: string, fields: SocketClosure) => SocketCloseEvent;
  readonly MessageEvent?: new (type: string, fields: object) => SocketMessageEvent;
}

/** The `close` event of the standard. */
export function closeEvent(closure: SocketClosure): SocketCloseEvent {
  const { CloseEvent } = globalThis as EventClasses;
  return CloseEvent === undefined ? withFields("close", closure) : new CloseEvent("close", closure);
}

/** The `message` event of the standard. */
export function messageEvent(data: ReceivedData, origin: string): SocketMessageEvent {
  const { MessageEvent } = globalThis as EventClasses;
  return MessageEvent === undefined
    ? withFields("message", { data, origin })
    : new MessageEvent("message", { data, origin });
}

/** An event of the platform's plain class, with fields that cannot be overwritten, as the fields of its own are. */
export function withFields<Fields extends object>(type: string, fields: Fields): Event & Fields {
  const properties = Object.entries(fields).map(([name, value]) => [name, { value, enumerable: true }] as const);
  return Object.defineProperties(new Event(type), Object.fromEntries(properties)) as Event & Fields;
}

type Handler = (event: never) => unknown;

/**
 * The `on...` attributes of an event target (WHATWG HTML, section 8.1.8.1): a handler takes its place among the listeners
 * when it is first set, keeps it when it is replaced, and loses it when it is set to `null`.
 */
export class EventHandlers {
  readonly #target: EventTarget;
  readonly #handlers = new Map<string, { handler: Handler; readonly listener: (event: Event) => void }>();

  constructor(target: EventTarget) {
    this.#target = target;
  }

  get<H>(type: string): H | null {
    return (this.#handlers.get(type)?.handler as H | undefined) ?? null;
  }

  /** @param value what is no function counts as `null`. */
  set(type: string, value: unknown): void {
    const present = this.#handlers.get(type);
    if (typeof value !== "function") {
      if (present !== undefined) this.#target.removeEventListener(type, present.listener);
      this.#handlers.delete(type);
    } else if (present !== undefined) {
      present.handler = value as Handler;
    } else {
      const listener = (event: Event): void =>
        void (this.#handlers.get(type)?.handler as ((event: Event) => unknown) | undefined)?.call(this.#target, event);
      this.#handlers.set(type, { handler: value as Handler, listener });
      this.#target.addEventListener(type, listener);
    }
  }
}
