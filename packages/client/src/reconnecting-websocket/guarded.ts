import type { Ports } from "@hawser/protocol";

/**
 * Calls a function of the application's. What it throws is reported where the platform reports what listeners throw,
 * and disturbs nothing here.
 *
 * @returns `undefined` when it threw.
 */
export function guarded<T>(ports: Ports, call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    ports.timers.soon(() => {
      throw error;
    });
    return undefined;
  }
}
