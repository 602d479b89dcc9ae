import { HawserError } from "@hawser/protocol";
import type { Clock, Random, Timers } from "@hawser/protocol";
import type { Logger } from "@hawser/server";
import { BackendSocket } from "./backend-socket.ts";
import type { BackendSettings } from "./backend-options.ts";
import { Delivery } from "./delivery.ts";
import type { RequestObserver } from "./delivery.ts";
import { connectEvent, disconnectEvent } from "./event.ts";
import type { ConnectFacts, SocketFacts } from "./event.ts";
import { Durations } from "../pool/durations.ts";
import type { DurationFigures } from "../pool/durations.ts";
import type { Poster } from "./http-post.ts";

/** What is counted of back ends. */
export interface BackendObserver extends RequestObserver {
  /** How many sockets of the pool are open now. */
  backendSockets(pool: string, open: number): void;
}

export interface BackendParts {
  readonly poster: Poster;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly observer: BackendObserver;
  /** Holds what is being delivered. */
  readonly underWay: Set<Promise<unknown>>;
  /** Draws the id of a socket. */
  readonly newId: () => string;
}

/** A back end has answered a connect event with something else than yes. */
export class BackendRefused extends HawserError {
  /** For a plain client: that of the back end if it says that the client is at fault, else 502. */
  readonly status: number;

  constructor(pool: string, status: number, reason: string) {
    super("upstream-refused", `The back end ${pool} refused: ${reason}`);
    this.status = status >= 400 && status <= 499 ? status : 502;
  }
}

/** Who wants a socket to a back end. */
export interface BackendOpening extends ConnectFacts {
  readonly user: string | undefined;
}

/** What is known of a back end. */
export interface BackendFigures {
  /** Sockets that are open. */
  readonly open: number;
  /** Requests by the status that they were answered with; 0: none came. */
  readonly requests: Readonly<Record<string, number>>;
  /** Events that it did not take. */
  readonly failures: number;
  /** From a request to its answer, or to when it was given up. */
  readonly duration: DurationFigures;
}

/** One HTTP back end: a pool of kind `http`. */
export class Backend {
  readonly pool: string;
  readonly #parts: BackendParts;
  readonly #delivery: Delivery;
  readonly #sockets = new Map<string, BackendSocket>();
  readonly #requests = new Map<string, number>();
  readonly #duration = new Durations();
  #failures = 0;
  #settings: BackendSettings;
  /** Sockets that are being opened, are open, or of whose end the back end does not know yet. */
  #held = 0;
  #closed = false;

  constructor(pool: string, settings: BackendSettings, parts: BackendParts) {
    this.pool = pool;
    this.#settings = settings;
    this.#parts = parts;
    this.#delivery = new Delivery({ ...parts, pool, settings: () => this.#settings, observer: this.#observer() });
  }

  get figures(): BackendFigures {
    return {
      open: this.#sockets.size,
      requests: Object.fromEntries(this.#requests),
      failures: this.#failures,
      duration: this.#duration.figures,
    };
  }

  get settings(): BackendSettings {
    return this.#settings;
  }

  /** From the next request on; sockets stay. */
  reconfigure(settings: BackendSettings): void {
    this.#settings = settings;
  }

  /** The socket of that id, if it is open here. */
  find(id: string): BackendSocket | undefined {
    return this.#sockets.get(id);
  }

  /**
   * Asks the back end whether it takes a socket.
   *
   * @throws HawserError `upstream-unavailable` (retry), `upstream-refused`.
   */
  async connect(opening: BackendOpening, signal: AbortSignal): Promise<BackendSocket> {
    const { limits } = this.#settings;
    if (this.#closed) throw unavailable(this.pool, "it is being removed");
    if (this.#held >= limits.maxSockets) throw unavailable(this.pool, `it has ${limits.maxSockets} sockets already`);
    this.#held += 1;
    return this.#connect(opening, signal);
  }

  /** Ends all sockets with 1001: the client may come again, elsewhere or later. */
  close(reason: string): void {
    this.#closed = true;
    for (const socket of this.#sockets.values()) socket.end(1001, reason, "gateway");
  }

  async #connect({ user, ...connect }: BackendOpening, signal: AbortSignal): Promise<BackendSocket> {
    const { clock, newId, timers } = this.#parts;
    const facts: SocketFacts = { socket: newId(), pool: this.pool, user };
    const { limits } = this.#settings;
    const event = connectEvent(clock.now(), facts, connect);
    const delivered = await this.#delivery.deliver(event, limits.maxConnectAttempts, signal);
    if (delivered.kind === "unavailable") {
      // It may have taken the socket all the same: only its answer is missing.
      this.#takeBack(facts);
      throw unavailable(this.pool, delivered.reason);
    }
    if (delivered.kind === "refused") {
      this.#held -= 1;
      throw new BackendRefused(this.pool, delivered.status, delivered.reason);
    }
    const { answer } = delivered;
    if (answer.protocol !== undefined && answer.protocol !== "" && !connect.protocols.includes(answer.protocol)) {
      this.#takeBack(facts);
      throw new BackendRefused(this.pool, 200, "it chose a subprotocol that was not offered");
    }
    if (signal.aborted || this.#closed) {
      this.#takeBack(facts);
      throw unavailable(this.pool, "the socket is not wanted any more");
    }
    const socket = new BackendSocket({
      facts,
      opened: answer,
      settings: () => this.#settings,
      delivery: this.#delivery,
      clock,
      timers,
      onEnd: () => {
        this.#sockets.delete(facts.socket);
        this.#count();
      },
      onDone: () => (this.#held -= 1),
    });
    this.#sockets.set(facts.socket, socket);
    this.#count();
    return socket;
  }

  #takeBack(facts: SocketFacts): void {
    const end = { code: 1006, reason: "", by: "client" } as const;
    const event = disconnectEvent(this.#parts.clock.now(), facts, 1, undefined, end);
    void this.#delivery.deliver(event, this.#settings.limits.maxAttempts).then(() => (this.#held -= 1));
  }

  /** Counts what goes to that of the gateway as well. */
  #observer(): RequestObserver {
    const { observer } = this.#parts;
    return {
      backendRequest: (pool, status, elapsedMs) => {
        // No more than there are statuses.
        this.#requests.set(String(status), (this.#requests.get(String(status)) ?? 0) + 1);
        this.#duration.observe(elapsedMs);
        observer.backendRequest(pool, status, elapsedMs);
      },
      backendFailed: (pool) => {
        this.#failures += 1;
        observer.backendFailed(pool);
      },
    };
  }

  #count(): void {
    this.#parts.observer.backendSockets(this.pool, this.#sockets.size);
  }
}

function unavailable(pool: string, reason: string): HawserError {
  return new HawserError("upstream-unavailable", `The back end ${pool} is not available: ${reason}.`, { retry: true });
}
