import type { MessagePortLike } from "./line.ts";
import type { LockManagerLike } from "./liveness.ts";
import type { BroadcastChannelClass } from "./tab-line.ts";

/** What is used of a `SharedWorker`. */
export interface SharedWorkerLike {
  readonly port: MessagePortLike;
  onerror: ((event: never) => void) | null;
}

/** What a browser has for tabs to find each other. What is not there is `undefined`. */
export interface SharedPlatform {
  readonly locks: LockManagerLike | undefined;
  readonly BroadcastChannel: BroadcastChannelClass | undefined;
  readonly MessageChannel: new () => { readonly port1: MessagePortLike; readonly port2: MessagePortLike };
  /** Calls back when the page is hidden for good, or for as long as the browser keeps it. */
  onHidden(callback: () => void): void;
}

interface Globals {
  readonly navigator?: { readonly locks?: LockManagerLike };
  readonly BroadcastChannel?: BroadcastChannelClass;
  readonly MessageChannel: SharedPlatform["MessageChannel"];
  addEventListener?(type: string, listener: () => void): void;
}

/** That of this page. */
export function browserPlatform(scope: Globals = globalThis): SharedPlatform {
  return {
    locks: scope.navigator?.locks,
    BroadcastChannel: scope.BroadcastChannel,
    MessageChannel: scope.MessageChannel,
    onHidden: (callback) => scope.addEventListener?.("pagehide", callback),
  };
}
