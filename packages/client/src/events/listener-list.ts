import type { HawserEvent, ListenerOptions } from "./typed-event-target.ts";

/** Of whatever event the list is for. */
type Listener = (event: never) => void;

/**
 * The listeners of an event that comes often. They are called as `EventTarget` would, but with a plain object: what a
 * platform makes of an event costs more than all the rest of a message.
 */
export class ListenerList {
  readonly #calls = new Map<Listener, Listener>();
  /** What is in `#calls`, until that changes. */
  #list: readonly (readonly [Listener, Listener])[] | undefined;

  add(listener: Listener, { once, signal }: ListenerOptions = {}): void {
    if (signal?.aborted || this.#calls.has(listener)) return;
    const remove = (): void => this.remove(listener);
    signal?.addEventListener("abort", remove, { once: true });
    const first: Listener = (event) => {
      remove();
      listener(event);
    };
    this.#calls.set(listener, once ? first : listener);
    this.#list = undefined;
  }

  remove(listener: Listener): void {
    this.#calls.delete(listener);
    this.#list = undefined;
  }

  /** What a listener throws is reported by the platform and stops nothing here. */
  call(event: HawserEvent): void {
    // With those that there are now, unless one of them removes another.
    const list = (this.#list ??= [...this.#calls]);
    for (const [listener, call] of list) {
      if (this.#list !== list && !this.#calls.has(listener)) continue;
      try {
        call(event as never);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
