/** What every event of Hawser has. Structural, so that no DOM types are needed to use it. */
export interface HawserEvent {
  readonly type: string;
}

/** How an event listener is added: as with the platform's `EventTarget`. */
export interface ListenerOptions {
  /** Called for one event only. */
  readonly once?: boolean;
  /** Aborting it removes the listener. */
  readonly signal?: AbortSignal;
}

/** An `EventTarget` that knows the types of its events: `Events` maps an event's name to what it carries. */
export interface TypedEventTarget<Events> {
  addEventListener<Name extends keyof Events & string>(
    type: Name,
    listener: (event: HawserEvent & Events[Name]) => void,
    options?: ListenerOptions,
  ): void;
  removeEventListener<Name extends keyof Events & string>(
    type: Name,
    listener: (event: HawserEvent & Events[Name]) => void,
  ): void;
}

/** The platform's `EventTarget` as a base class, typed. What a listener throws is reported by the platform and stops nothing here. */
export const TypedEventTarget = EventTarget as unknown as { new <Events>(): TypedEventTarget<Events> };

/** Dispatches the event `type`, which carries `fields`, in this turn. */
export function emit<Events, Name extends keyof Events & string>(
  target: TypedEventTarget<Events>,
  type: Name,
  fields: Events[Name],
): void {
  (target as unknown as EventTarget).dispatchEvent(Object.assign(new Event(type), fields));
}
