import { assert, HawserError, systemPorts } from "@hawser/protocol";
import type { Ports } from "@hawser/protocol";
import type { Connector, Transport, TransportHandlers } from "../transport/transport.ts";
import { webSocketConnector } from "../transport/websocket-connector.ts";
import { resolveHostLimits } from "./host-limits.ts";
import type { SharedHostLimits } from "./host-limits.ts";
import type { Line, ToHost, ToTab } from "./line.ts";
import { holdAlive } from "./liveness.ts";
import { browserPlatform } from "./platform.ts";
import type { SharedPlatform, SharedWorkerLike } from "./platform.ts";
import { TabRoute } from "./tab-route.ts";
import { TabStream } from "./tab-stream.ts";
import type { Route } from "./route.ts";
import { AloneRoute } from "./alone-route.ts";
import { WorkerRoute } from "./worker-route.ts";

/** How the tabs of one origin share their connections. */
export interface SharedConnectorOptions {
  /**
   * Whose the connections are: any text that is the same in all tabs of one user and in no tab of another, such as the
   * user's identifier. It is compared in memory and goes nowhere; the server knows each tab by its own token.
   */
  readonly principal: string;
  /**
   * Makes the shared worker, under a name that is another for another version of Hawser: pages of two releases do not
   * meet. Where it throws, or gives `undefined`, one of the tabs holds the connections, which is the default.
   *
   * @example
   * (name) => new SharedWorker(new URL("./shared-worker.js", import.meta.url), { type: "module", name })
   */
  readonly worker?: (name: string) => SharedWorkerLike | undefined;
  /** What names of worker, locks and channels start with; tabs with another name share nothing. Default "hawser". */
  readonly name?: string;
  /** Opens the physical connections where this tab holds them. Default `webSocketConnector()`. */
  readonly connector?: Connector;
  /** Bounds where this tab holds the connections; a worker has its own. */
  readonly limits?: Partial<SharedHostLimits>;
  /** Until whoever holds the connections must have answered; then it is replaced. Default 5,000. */
  readonly hostTimeoutMs?: number;
  /** Clock, timers and randomness. Default the platform's. */
  readonly ports?: Ports;
  /** Locks and channels. Default the browser's. */
  readonly platform?: SharedPlatform;
}

/** Names change with what the tabs say to each other, so that versions of a page do not meet. */
const version = 1;

/**
 * Shares physical connections between the tabs of a browser: each tab keeps its own session, outbox and subscriptions,
 * and the connections are held by a shared worker or, without one, by one of the tabs. When the holder is closed or dies,
 * the sessions resume through the next one.
 *
 * Make one for each client: two connections of one client never share a physical one.
 *
 * @example
 * const connector = sharedConnector({ principal: user.id, worker: (name) => new SharedWorker("/shared-worker.js", { name }) });
 * const client = createClient({ url, token, connector });
 *
 * @throws HawserError `option-invalid`
 */
export function sharedConnector(options: SharedConnectorOptions): Connector {
  return new SharedConnector(options);
}

/** What this page has while it is shown. */
interface Presence {
  /** Drawn at random: the page, as the host knows it. */
  readonly client: string;
  readonly route: Route;
  readonly alive: ReturnType<typeof holdAlive>;
}

class SharedConnector implements Connector {
  readonly name = "shared-websocket";
  readonly #options: SharedConnectorOptions;
  readonly #ports: Ports;
  readonly #platform: SharedPlatform;
  readonly #limits: SharedHostLimits;
  readonly #hostTimeoutMs: number;
  readonly #streams = new Set<TabStream>();
  /** A worker that did not answer is not asked again. */
  #workerFails = false;
  /** While the page is shown. */
  #presence: Presence | undefined;

  constructor(options: SharedConnectorOptions) {
    this.#options = options;
    this.#ports = options.ports ?? systemPorts();
    this.#platform = options.platform ?? browserPlatform();
    this.#limits = resolveHostLimits(options.limits);
    this.#hostTimeoutMs = options.hostTimeoutMs ?? 5_000;
    if (typeof options.principal !== "string") {
      throw new HawserError("option-invalid", "`principal` is a text: the same in all tabs of one user, in no other's");
    }
    if (!Number.isSafeInteger(this.#hostTimeoutMs) || this.#hostTimeoutMs < 1) {
      throw new HawserError("option-invalid", "`hostTimeoutMs` is a whole number above 0");
    }
    this.#platform.onHidden(() => this.#leave("The page is hidden."));
  }

  connect(url: string, subprotocol: string, handlers: TransportHandlers): Transport {
    if (subprotocol !== "hawser.v1") {
      throw new HawserError("option-invalid", `Shared connections carry hawser.v1, not ${subprotocol}`);
    }
    const { locks } = this.#platform;
    const { client, route, alive, line } = this.#newLine();
    const stream: TabStream = new TabStream({
      line,
      url,
      principal: this.#options.principal,
      client,
      subprotocol,
      alive: alive.held,
      locks,
      timers: this.#ports.timers,
      hostTimeoutMs: this.#hostTimeoutMs,
      onUnanswered: () => route.onUnanswered(),
      onEnded: () => this.#streams.delete(stream),
      handlers,
    });
    this.#streams.add(stream);
    return stream;
  }

  #newLine(): Presence & { readonly line: Line<ToHost, ToTab> } {
    const presence = (this.#presence ??= this.#arrive());
    const line = presence.route.newLine();
    if (line !== undefined) return { ...presence, line };
    assert(!this.#workerFails, "without a worker there is always a way");
    this.#giveUpWorker("There is no shared worker.");
    return this.#newLine();
  }

  #giveUpWorker(reason: string): void {
    this.#workerFails = true;
    this.#leave(reason);
  }

  #arrive(): Presence {
    const { random } = this.#ports;
    const client = Array.from(random.bytes(16), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const prefix = `${this.#options.name ?? "hawser"}:${version}`;
    const alive = holdAlive(this.#platform.locks, `${prefix}:alive:${client}`);
    return { client, route: this.#route(prefix, client), alive };
  }

  #route(prefix: string, client: string): Route {
    const { worker } = this.#options;
    if (worker !== undefined && !this.#workerFails) {
      return new WorkerRoute(
        () => worker(prefix),
        () => this.#giveUpWorker("The shared worker does not answer."),
      );
    }
    const { locks, BroadcastChannel } = this.#platform;
    const connector = this.#options.connector ?? webSocketConnector();
    const host = {
      connector,
      ports: this.#ports,
      locks,
      alive: `${prefix}:alive:${client}:host`,
      limits: this.#limits,
    };
    if (locks === undefined || BroadcastChannel === undefined) return new AloneRoute(host, this.#platform);
    return new TabRoute({ ...host, locks, BroadcastChannel, prefix, id: client });
  }

  /** Gives up what this page has: it is found anew when it is needed again. */
  #leave(reason: string): void {
    const presence = this.#presence;
    if (presence === undefined) return;
    this.#presence = undefined;
    const streams = [...this.#streams];
    this.#streams.clear();
    for (const stream of streams) stream.cut(reason);
    presence.route.close();
    presence.alive.release();
  }
}
