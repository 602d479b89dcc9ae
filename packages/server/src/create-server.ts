import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { HawserError, systemPorts } from "@hawser/protocol";
import type { Clock, Contract, MessageInputOf, Position } from "@hawser/protocol";
import { drainEndpoint } from "./admin/drain-endpoint.ts";
import { apiOf } from "./api/api-of.ts";
import type { HttpApi } from "./api/http-api.ts";
import { guardAuthenticate } from "./auth/guard.ts";
import { hmacSigner } from "./auth/hmac-signer.ts";
import { clusterSettings } from "./cluster/cluster-options.ts";
import type { ClusterView } from "./cluster/cluster.ts";
import { disconnectUser } from "./cluster/disconnect-user.ts";
import { Doors } from "./doors.ts";
import type { DrainOptions } from "./drain/drain-options.ts";
import type { DrainProgress } from "./drain/drain.ts";
import { endpoints } from "./http/endpoints.ts";
import { Gate } from "./http/gate.ts";
import { HawserNode } from "./node.ts";
import type { PublishOptions } from "./node.ts";
import type { CallHandler } from "./node-options.ts";
import { jsonLogger } from "./observe/logger.ts";
import type { Logger } from "./observe/logger.ts";
import { LogProbe } from "./observe/log-probe.ts";
import { Metrics } from "./observe/metrics.ts";
import { addProcessMetrics } from "./observe/process-metrics.ts";
import { checkOptions } from "./options.ts";
import type { ServerOptions } from "./options.ts";
import { channelPolicies, shortestDeduplicationMs } from "./policy/channel-options.ts";
import type { PolicyOf } from "./policy/channel-options.ts";
import { compressionLevel } from "./policy/compression-options.ts";
import { resolveLimits } from "./policy/limits.ts";
import { channelPresence } from "./presence/channel-presence.ts";
import type { ChannelPresence } from "./presence/channel-presence.ts";
import { checkPresenceChannel } from "./presence/presence-names.ts";
import { ApplicationPublisher } from "./publish/application-publisher.ts";
import { zlibDeflate } from "./transport/deflate.ts";
import type { ServerPart } from "./server-part.ts";
import { version } from "./version.ts";

const defaultPath = "/hawser";

/**
 * Makes a server. Nothing happens before `listen`.
 *
 * @example
 * const server = createServer({ log: memoryLog(), authenticate: anonymous(), port: 8080 });
 * await server.listen();
 * await server.publish("chat.general", { say: "hello" });
 *
 * @throws HawserError `option-invalid`, naming the option that is wrong.
 */
export function createServer<C extends Contract = Contract>(options: ServerOptions<C>): HawserServer<C> {
  return new HawserServer(options);
}

type State = "new" | "starting" | "open" | "closed";

/** A node behind a door: what an application holds. */
export class HawserServer<C extends Contract = Contract> {
  /** As in `ServerOptions.name`. */
  readonly name: string;
  /**
   * Answers `/healthz`, `/readyz`, `/metrics`, plain requests to the WebSocket's path and those of the transports for
   * clients whose WebSockets do not get through, and says whether it did. A port of the server's own has it already; in an
   * application's HTTP server it is put ahead of whatever reads bodies.
   *
   * @example
   * app.use((request, response, next) => { if (!server.handleRequest(request, response)) next(); });
   */
  readonly handleRequest: (request: IncomingMessage, response: ServerResponse) => boolean;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #node: HawserNode;
  readonly #policyOf: PolicyOf;
  readonly #publisher: ApplicationPublisher;
  readonly #peers: readonly string[];
  readonly #parts: readonly ServerPart[];
  readonly #gate: Gate;
  readonly #doors: Doors;
  readonly #api: HttpApi | undefined;
  #stopProcessMetrics: () => void = () => {};
  #closed: Promise<void> | undefined;
  #state: State = "new";

  /** Use `createServer`. */
  constructor(options: ServerOptions<C>) {
    checkOptions(options);
    const limits = resolveLimits(options.limits);
    this.name = options.name ?? `hawser-${randomBytes(4).toString("hex")}`;
    this.#metrics = new Metrics(options.metricLabels);
    this.#logger = options.logger ?? jsonLogger();
    this.#policyOf = channelPolicies(options.channels ?? [], options.log.capabilities, limits.maxMessageBytes);
    this.#peers = options.peers ?? [];
    this.#parts = options.parts ?? [];
    const parts = this.#parts;
    const path = options.path ?? defaultPath;
    const level = compressionLevel(options.compression);
    const ports = systemPorts();
    const probe = new LogProbe(options.log, ports.timers);
    this.#clock = ports.clock;
    this.#node = new HawserNode({
      ...ports,
      name: this.name,
      log: options.log,
      authenticate: guardAuthenticate(options.authenticate, limits.maxTokenBytes),
      authorize: options.authorize,
      policyOf: this.#policyOf,
      deduplicateMs: shortestDeduplicationMs(options.channels ?? [], options.log.capabilities),
      limits,
      calls: { ...options.calls } as Readonly<Record<string, CallHandler>>,
      contract: options.contract,
      deflate: level === undefined ? undefined : zlibDeflate(level),
      signer: hmacSigner(options.secret ?? randomBytes(32)),
      logger: this.#logger,
      observer: this.#metrics,
      cluster: clusterSettings(options.cluster ?? options.api !== undefined),
      version: version(),
      sockets: options.sockets,
    });
    this.#publisher = new ApplicationPublisher({
      node: this.#node,
      contract: options.contract,
      policyOf: this.#policyOf,
      maxKeyBytes: limits.maxKeyBytes,
    });
    this.#gate = new Gate({
      origins: options.origins ?? "same-origin",
      trustProxy: options.trustProxy ?? [],
      limits,
    });
    const shared = { ...ports, path, node: this.#node, limits, logger: this.#logger, observer: this.#metrics };
    const { addressOf } = this.#gate.rules;
    this.#api = apiOf(options.api, {
      ...shared,
      publisher: this.#publisher,
      presence: (channel) => this.presence(channel),
      policyOf: this.#policyOf,
      addressOf,
      occupy: (request) => this.#doors.occupy(request),
      others: parts.flatMap(({ operations = [] }) => operations),
    });
    const observe = endpoints({
      ready: async () => this.#node.ready && (await probe.answers()),
      metrics:
        options.metrics === false
          ? undefined
          : { contentType: this.#metrics.contentType, expose: () => options.group?.metrics() ?? this.metrics() },
      path,
    });
    const admin = drainEndpoint({
      node: this.name,
      secrets: options.adminSecret ?? [],
      addressOf,
      clock: this.#clock,
      logger: this.#logger,
      server: options.group ?? {
        draining: async () => this.draining,
        drain: async (drain) => void this.drain(drain),
      },
    });
    this.#doors = new Doors({
      ...shared,
      options,
      core: this.#node,
      gate: this.#gate,
      compresses: level !== undefined,
      handle: (request, response) =>
        this.#api?.handle(request, response) || admin(request, response) || observe(request, response),
    });
    this.handleRequest = this.#doors.handle;
  }

  /**
   * Where clients connect, as seen from this machine: `ws://localhost:8080/hawser`.
   *
   * @throws HawserError `closed` while the HTTP server does not listen on a port.
   */
  get url(): string {
    const { url } = this.#doors;
    if (url === undefined)
      throw new HawserError(
        "closed",
        "The server does not listen: call listen() first (and that of your own HTTP server).",
      );
    return url;
  }

  /**
   * Where programs connect by TCP, as seen from this machine: `tcp://localhost:7420`, or `tls://...`.
   *
   * @throws HawserError `closed` while it does not listen, and without the option `tcp`.
   */
  get tcpUrl(): string {
    const { tcpUrl } = this.#doors;
    if (tcpUrl === undefined)
      throw new HawserError("closed", "The server does not listen for TCP: give it the option tcp.");
    return tcpUrl;
  }

  /** Whether it takes connections: between `listen` and `drain` or `close`. `/readyz` asks the log too. */
  get ready(): boolean {
    return this.#node.ready;
  }

  /** Connections now. */
  get connections(): number {
    return this.#gate.connections;
  }

  /** How far a drain is, or was; `undefined` before one has begun. */
  get draining(): DrainProgress | undefined {
    return this.#node.draining;
  }

  /**
   * Opens the log and takes connections. Rejects as `Log.open` does, and with the platform's error when the port cannot be
   * had (`EADDRINUSE`); then the log is closed again.
   */
  async listen(): Promise<void> {
    if (this.#state !== "new") throw new HawserError("closed", "listen() was called before: a server listens once.");
    this.#state = "starting";
    await this.#node.start();
    this.#assertStarting();
    try {
      const node = this.#node;
      const host = { openRegister: node.openRegister.bind(node) };
      for (const part of this.#parts) await part.start?.(host);
      this.#assertStarting();
      await this.#doors.open();
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#assertStarting();
    this.#state = "open";
    this.#stopProcessMetrics = addProcessMetrics(this.#metrics.registry, this.#clock);
    this.#logger.info({ node: this.name, ...this.#doors.places }, "listening");
  }

  /**
   * Publishes as the application itself, without de-duplication.
   *
   * @returns where the message is in the log.
   * @throws HawserError `channel-invalid`, `payload-invalid`, `message-too-large`; `log-unavailable` (the outcome is open),
   *   `log-full`.
   */
  async publish<const Name extends string>(
    channel: Name,
    data: MessageInputOf<C, Name>,
    options: PublishOptions = {},
  ): Promise<Position> {
    return this.#publisher.publish(channel, data, options);
  }

  /** Publishes into the private inbox of a user; errors as with `publish`. */
  async sendToUser(user: string, data: unknown, options: PublishOptions = {}): Promise<Position> {
    return this.#publisher.sendToUser(user, data, options);
  }

  /**
   * Who is in a channel now, on whichever node.
   *
   * @throws HawserError `channel-invalid`, `presence-unavailable`, `log-unavailable`.
   */
  async presence(channel: string): Promise<ChannelPresence> {
    checkPresenceChannel(channel, this.#policyOf);
    return channelPresence(await this.#node.members(channel));
  }

  /**
   * Ends the sessions of a user with `disconnected`, after which clients do not come back by themselves: here, and with the option
   * `cluster` on all other nodes. Who connects later is not meant: that is for `authenticate` to refuse.
   *
   * @returns how many connections there were on this node.
   * @throws HawserError `channel-invalid` for what cannot be a user's name, `payload-invalid` for a reason above 1,024 bytes;
   *   `log-unavailable`, `log-full`: other nodes may not have been told.
   */
  async disconnectUser(user: string, reason?: string): Promise<number> {
    return disconnectUser(this.#node, user, reason);
  }

  /** The nodes that share this server's log; without the option `cluster` this one alone. */
  get cluster(): ClusterView {
    return this.#node.cluster;
  }

  /** Asks anew what a user may do, and ends the subscriptions that he may no longer have. */
  async refresh(user: string): Promise<void> {
    await this.#node.refresh(user);
  }

  /** The metrics of this server alone, as `/metrics` shows them: in the Prometheus text format. */
  async metrics(): Promise<string> {
    const exposed = [this.#metrics.expose(), ...this.#parts.map(async ({ metrics }) => (await metrics?.()) ?? "")];
    return (await Promise.all(exposed)).join("");
  }

  /**
   * Takes no more connections, and tells the clients of those that there are to move: evenly over a time, to which addresses,
   * and by when. Resolves when none is left. `/readyz` says 503 from its beginning on, the door answers 503 to those who come,
   * and `draining` says how far it is. Called again, it gives another plan to those who were not told yet.
   *
   * @throws HawserError `option-invalid`; `closed` before `listen`: there is nothing to drain, and the door would stay shut.
   */
  async drain(options: DrainOptions = {}): Promise<void> {
    if (this.#state === "new") throw new HawserError("closed", "drain() was called before listen().");
    const drained = this.#node.drain({ endpoints: this.#endpoints(), ...options });
    this.#gate.drain();
    this.#doors.shut();
    await drained;
  }

  /**
   * Ends every connection with 4000 (clients connect again, elsewhere), waits for appends under way, and closes log and
   * port. Takes no longer than `closeTimeoutMs` beyond what the log takes. To let clients move before, `drain` first.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#state = "closed";
    this.#gate.shut();
    this.#doors.shut();
    this.#api?.shut();
    await this.#node.close();
    await this.#api?.emptied();
    await this.#doors.close();
    this.#stopProcessMetrics();
    this.#logger.info({ node: this.name }, "closed");
  }

  /** Of the nodes that live, if they say where they are; else those that were named. */
  #endpoints(): readonly string[] {
    const known = this.cluster.endpoints;
    return known.length > 0 ? known : this.#peers;
  }

  #assertStarting(): void {
    if (this.#state !== "starting") throw new HawserError("closed", "close() was called while the server started.");
  }
}
