import type { Clock, Random, Timers } from "../ports.ts";

/** What browsers, Node, Bun and Deno all have, as far as it is used here: there are no types of a platform. */
declare const performance: { now(): number };
declare const crypto: { getRandomValues(bytes: Uint8Array): unknown };
declare const setTimeout: (callback: () => void, delayMs: number) => unknown;
declare const clearTimeout: (timer: unknown) => void;
/** Not in browsers. */
declare const setImmediate: ((callback: () => void) => unknown) | undefined;
declare const MessageChannel: new () => {
  readonly port1: { onmessage: (() => void) | null };
  readonly port2: { postMessage(message: unknown): void };
};

/** The ports that the cores of client, server and log take from the world. */
export interface Ports {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

/** Past this a platform's timer fires at once. */
const longestTimeoutMs = 2 ** 31 - 1;

/** The real clock, timers and randomness, over what the platform has as globals. */
export function systemPorts(): Ports {
  return {
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    timers: { after, soon: soon() },
    random: {
      bytes(count) {
        const bytes = new Uint8Array(count);
        crypto.getRandomValues(bytes);
        return bytes;
      },
      number: () => Math.random(),
    },
  };
}

function after(delayMs: number, callback: () => void): { cancel(): void } {
  let timer: unknown;
  const wait = (leftMs: number): void => {
    const stepMs = Math.min(leftMs, longestTimeoutMs);
    timer = setTimeout(() => (leftMs > stepMs ? wait(leftMs - stepMs) : callback()), stepMs);
  };
  wait(delayMs);
  return { cancel: () => clearTimeout(timer) };
}

/** `setImmediate` where there is one; in browsers a message to oneself, which is not slowed down as timeouts of 0 are. */
function soon(): (callback: () => void) => void {
  if (typeof setImmediate === "function") {
    const immediate = setImmediate;
    return (callback) => void immediate(callback);
  }
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return (callback) => {
    waiting.push(callback);
    port2.postMessage(undefined);
  };
}
