import { HawserError } from "@hawser/protocol";
import type { LogOpenOptions } from "@hawser/log";
import type { RedisLogOptions, Settings } from "../options.ts";
import { scriptSource } from "../script/script.ts";
import { addressOf } from "./address.ts";
import { connect } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { inTime } from "./in-time.ts";
import { isRefused, unavailable } from "./unavailable.ts";
import { checkServer, serverFacts } from "./server-facts.ts";

/** Connections to one server, which end together. */
export interface Session {
  /** For what is asked. */
  readonly commands: Connection;
  /** Waits for the feed. */
  readonly reader: Connection;
  /** Waits for streams of others; `undefined` where there are no bindings. */
  readonly tail: Connection | undefined;
}

/** What a link tells. */
export interface LinkEvents {
  readonly onUp: (session: Session) => void;
  readonly onDown: () => void;
}

type Ports = Pick<LogOpenOptions, "clock" | "timers" | "random">;

/** Keeps a session with the server: when it breaks, the next one is made after a pause drawn at random. */
export class Link {
  readonly #options: RedisLogOptions;
  readonly #settings: Settings;
  readonly #ports: Ports;
  readonly #events: LinkEvents;
  #session: Session | undefined;
  #failure = "there was no connection yet";
  #closed = false;
  #wake: () => void = () => {};

  constructor(options: RedisLogOptions, settings: Settings, ports: Ports, events: LinkEvents) {
    this.#options = options;
    this.#settings = settings;
    this.#ports = ports;
    this.#events = events;
  }

  /** What there is now; `undefined` while the server is away. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** The session, or throws `log-unavailable` with why there is none. */
  require(): Session {
    if (this.#session === undefined) throw unavailable(this.why);
    return this.#session;
  }

  /** Why there is no session. */
  get why(): string {
    return `Redis is not available: ${this.#failure}`;
  }

  /** Makes the first session. Rejects with `log-unavailable` when that took too long or nobody is let in, with `option-invalid` at once. */
  async open(): Promise<void> {
    const { clock } = this.#ports;
    const deadline = clock.monotonic() + this.#settings.openTimeoutMs;
    for (let failures = 0; ; failures += 1) {
      try {
        this.#begin(await this.#connect());
        return;
      } catch (error) {
        this.#failure = (error as Error).message;
        const isFinal = this.#closed || (error instanceof HawserError && error.code === "option-invalid");
        if (isFinal) throw error;
        if (isRefused(error) || clock.monotonic() >= deadline) throw unavailable(this.why);
        await this.#pause(failures);
      }
    }
  }

  /** The session is not what it should be: it ends, and another is made. */
  drop(session: Session, reason: string): void {
    if (this.#session !== session) return;
    this.#failure = reason;
    end(session);
  }

  close(): void {
    this.#closed = true;
    this.#wake();
    if (this.#session !== undefined) end(this.#session);
  }

  #begin(session: Session): void {
    if (this.#closed) {
      end(session);
      throw new HawserError("log-closed", "the log was closed");
    }
    this.#session = session;
    const since = this.#ports.clock.monotonic();
    void Promise.race(connectionsOf(session).map(({ gone }) => gone)).then((error) =>
      this.#ended(session, error, since),
    );
    this.#events.onUp(session);
  }

  #ended(session: Session, error: Error, since: number): void {
    if (this.#failure === "") this.#failure = error.message;
    end(session);
    this.#session = undefined;
    this.#events.onDown();
    // A session that ended at once counts as an attempt that failed.
    const wasShort = this.#ports.clock.monotonic() - since < this.#settings.maxBackoffMs;
    void this.#again(wasShort ? 2 : 0);
  }

  async #again(failures: number): Promise<void> {
    await this.#pause(failures);
    while (!this.#closed) {
      try {
        this.#begin(await this.#connect());
        return;
      } catch (error) {
        this.#failure = (error as Error).message;
        failures += 1;
        await this.#pause(failures);
      }
    }
  }

  #connect(): Promise<Session> {
    const { connectTimeoutMs, durabilities } = this.#settings;
    const { bindings = [] } = this.#options;
    return inTime(this.#ports.timers, connectTimeoutMs, async (ends) => {
      const address = await addressOf(this.#options, connectTimeoutMs, ends);
      const commands = await connect(address, ends);
      const facts = await serverFacts(commands);
      if (!facts.isPrimary) throw unavailable("the server is a replica");
      checkServer(facts, durabilities);
      await commands.send(["SCRIPT", "LOAD", scriptSource]);
      const reader = await connect(address, ends);
      const tail = bindings.length === 0 ? undefined : await connect(address, ends);
      this.#failure = "";
      return { commands, reader, tail };
    });
  }

  /** Full jitter: nodes that lost a server together do not come back together. */
  #pause(failures: number): Promise<void> {
    const { minBackoffMs, maxBackoffMs } = this.#settings;
    const bound = Math.min(maxBackoffMs, minBackoffMs * 2 ** Math.min(failures, 30));
    return new Promise((resolve) => {
      const timer = this.#ports.timers.after(this.#ports.random.number() * bound, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}

function connectionsOf({ commands, reader, tail }: Session): Connection[] {
  return tail === undefined ? [commands, reader] : [commands, reader, tail];
}

function end(session: Session): void {
  for (const connection of connectionsOf(session)) connection.destroy();
}
