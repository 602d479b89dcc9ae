import type { LogCapabilities } from "@hawser/log";
import type { DrainOptions, DrainProgress } from "@hawser/server";
import type { Settings } from "../configuration/settings.ts";

/** With what a worker is started; it travels as JSON. */
export interface WorkerPlan {
  /** From 1. A worker that takes the place of another has its number. */
  readonly number: number;
  /** Of its node. */
  readonly name: string;
  readonly settings: Settings;
  /** The configuration file that counts, `null`: none does. It is read by each worker, since functions do not travel. */
  readonly configPath: string | null;
  /** Signs clients' grants: the same for all. */
  readonly grantSecret: string;
  /** The data folder's own, where there is one. */
  readonly keptSecret: string | null;
  /** Of the log that the primary keeps, which is reached by the pipe `logPipe`; `null`: the log of `settings.log` is used. */
  readonly log: LogCapabilities | null;
  /** A drain has begun: the worker takes part from its beginning on. */
  readonly drain: DrainOptions | null;
}

/** Where clients reach a server, as seen from this machine. */
export interface Reachable {
  readonly url: string;
  /** `null`: there is no port for programs. */
  readonly tcpUrl: string | null;
}

/** What a worker answers. */
export interface WorkerSide {
  /** Resolves when it listens; asked once, before anything else. */
  start(plan: WorkerPlan): Promise<Reachable>;
  /** Its own. */
  metrics(argument: null): Promise<string>;
  connections(argument: null): number;
  /** Its own; `null` before a drain. */
  draining(argument: null): DrainProgress | null;
  drain(options: DrainOptions): null;
  /** Resolves when no connection is left, after `drain`. */
  drained(argument: null): Promise<null>;
  /** Resolves when it is closed. */
  close(argument: null): Promise<null>;
}

/** What the primary answers. */
export interface PrimarySide extends GroupSide {
  /** The worker listens to what it is asked; before, nothing reaches it. */
  here(argument: null): null;
}

/** What the primary answers for all workers together. */
export interface GroupSide {
  metrics(argument: null): Promise<string>;
  draining(argument: null): Promise<DrainProgress | null>;
  drain(options: DrainOptions): Promise<null>;
}

/** The file descriptor of the pipe by which a worker reaches the log. */
export const logPipe = 4;
