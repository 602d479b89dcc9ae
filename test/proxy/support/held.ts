import { afterEach } from "vitest";

/** Keeps what a test starts, and stops it behind the test, the last first. Call it at the top of a test file. */
export function holding(): <Thing extends { stop(): Promise<void> }>(thing: Thing) => Thing {
  const held: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const thing of held.splice(0).toReversed()) await thing.stop();
  });
  return (thing) => {
    held.push(thing);
    return thing;
  };
}
