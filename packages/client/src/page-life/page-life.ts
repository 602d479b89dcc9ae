/** What the page, or the process, knows of the network. */
export interface PageLife {
  /** @returns a function that stops listening. */
  listen(handlers: PageLifeHandlers): () => void;
}

/** What a client does when the platform tells it of the network and of the page. */
export interface PageLifeHandlers {
  /** The network is back, or the page is awake again. */
  online(): void;
  /** The network is said to be gone. */
  offline(): void;
}

interface EventSource {
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
}

/** The `online`, `offline` and `pageshow` events of a browser's page or worker; where there are none, silence. */
export function platformPageLife(source: EventSource = globalThis): PageLife {
  return {
    listen(handlers) {
      const listeners = [
        ["online", () => handlers.online()],
        ["pageshow", () => handlers.online()],
        ["offline", () => handlers.offline()],
      ] as const;
      for (const [type, listener] of listeners) source.addEventListener?.(type, listener);
      return () => {
        for (const [type, listener] of listeners) source.removeEventListener?.(type, listener);
      };
    },
  };
}
