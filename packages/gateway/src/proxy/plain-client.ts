import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Ports, Timer } from "@hawser/protocol";
import type { Identity, Logger } from "@hawser/server";
import type { AccessLog, PlainEnd, WayCounts } from "./access-log.ts";
import { answer, refuse, responseHead } from "./answer.ts";
import type { ProxyRefusal } from "./answer.ts";
import { authorizedIdentity } from "./authorize-plain.ts";
import type { AuthorizePlain } from "./authorize-plain.ts";
import type { ClientOrigin, ClientPeer } from "./forwarded.ts";
import { answerHeaders, requestHeaders, upgradedHeaders, valuesOf } from "./handshake-headers.ts";
import type { ProxyLimits } from "./limits.ts";
import { readPlainRequest } from "./plain-request.ts";
import type { PlainRequest } from "./plain-request.ts";
import { UpstreamRefused } from "./pool-port.ts";
import type { ProxyLease, ProxyPools, ProxyTarget } from "./pool-port.ts";
import { ProxiedConnection } from "./proxied-connection.ts";
import type { CloseCause } from "./proxied-connection.ts";
import { proxyHeader } from "./proxy-protocol/write-header.ts";
import { closedEarly, overdue, refusalOf, unavailable } from "./refusals.ts";
import { pathToTarget } from "./route.ts";
import type { Route, RouteQuery } from "./route.ts";
import { unlessAborted } from "./unless-aborted.ts";
import { shakeHands } from "./upstream-handshake.ts";
import type { UpgradedTarget } from "./upstream-handshake.ts";

/** What a target is told of a client that was authorised, as headers. */
export type IdentityHeaders = (client: {
  readonly identity: Identity;
  readonly request: PlainRequest;
  readonly pool: string;
  readonly target: ProxyTarget;
}) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;

/** What a plain client needs of the proxy that it came to. */
export interface PlainClientHost {
  readonly ports: Ports;
  readonly logger: Logger;
  readonly limits: ProxyLimits;
  readonly originOf: (peer: ClientPeer, header: (name: string) => string | undefined) => ClientOrigin;
  readonly pools: ProxyPools;
  readonly authorize: AuthorizePlain | undefined;
  readonly identityHeaders: IdentityHeaders | undefined;
  readonly reservedHeaders: readonly string[];
  readonly accessLog: AccessLog | undefined;
  /** @throws ProxyRefusal */
  readonly routeOf: (query: RouteQuery) => Route;
  /** @throws ProxyRefusal */
  readonly take: (route: Route, address: string) => () => void;
}

export interface PlainClientOptions {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
  readonly peer: ClientPeer;
  readonly host: PlainClientHost;
}

interface Dialing {
  readonly request: PlainRequest;
  readonly route: Route;
  readonly target: ProxyTarget;
  /** Called when a connection to the target stands. */
  readonly reached: () => void;
  readonly signal: AbortSignal;
}

type State =
  | { readonly kind: "shaking-hands"; readonly abort: AbortController }
  | { readonly kind: "answered" }
  | { readonly kind: "open"; readonly connection: ProxiedConnection }
  | { readonly kind: "gone" };

/** What the access log will say, as far as it is known. */
interface Known {
  request: PlainRequest | undefined;
  route: Route | undefined;
  identity: Identity | undefined;
  target: ProxyTarget | undefined;
  subprotocol: string;
  status: number;
  refusal: ProxyRefusal | undefined;
  handshakeMs: number | undefined;
}

const nothing: WayCounts = { bytes: 0, messages: 0, closeCode: undefined };

/** One plain client, from its handshake to its end. */
export class PlainClient {
  /** Set by the owner: called once, when nothing of it is left. */
  onGone: () => void = () => {};
  readonly #options: PlainClientOptions;
  readonly #at: number;
  readonly #since: number;
  readonly #known: Known = {
    request: undefined,
    route: undefined,
    identity: undefined,
    target: undefined,
    subprotocol: "",
    status: 0,
    refusal: undefined,
    handshakeMs: undefined,
  };
  #state: State = { kind: "shaking-hands", abort: new AbortController() };
  #leave: () => void = () => {};
  #expiry: Timer | undefined;

  constructor(options: PlainClientOptions) {
    this.#options = options;
    const { clock } = options.host.ports;
    this.#at = clock.now();
    this.#since = clock.monotonic();
  }

  get user(): string | undefined {
    return this.#known.identity?.user;
  }

  /** Closes it between frames; a handshake that is under way is refused. */
  close(cause: CloseCause): void {
    if (this.#state.kind === "open") this.#state.connection.close(cause);
    else if (this.#state.kind === "shaking-hands") this.#state.abort.abort(closedEarly(cause));
  }

  /** Ends it at once. */
  cut(cause: CloseCause): void {
    if (this.#state.kind === "open") this.#state.connection.cut(cause);
    else this.#options.socket.destroy();
  }

  /** Shakes hands with a target and begins to pass, or answers with why not. Never rejects; resolves when that is done. */
  async connect(refusal: ProxyRefusal | undefined): Promise<void> {
    const { socket, host } = this.#options;
    if (this.#state.kind !== "shaking-hands") return;
    const { abort } = this.#state;
    const gone = (): void => abort.abort(new DOMException("The client is gone.", "AbortError"));
    socket.on("error", () => {});
    socket.once("close", gone);
    socket.setNoDelay(true);
    const timer = host.ports.timers.after(host.limits.handshakeTimeoutMs, () => abort.abort(overdue));
    try {
      if (refusal !== undefined) throw refusal;
      await this.#shakeHands(abort.signal);
    } catch (error) {
      this.#refuse(error);
    } finally {
      timer.cancel();
      socket.off("close", gone);
    }
  }

  async #shakeHands(signal: AbortSignal): Promise<void> {
    const { request: incoming, peer, host } = this.#options;
    const known = this.#known;
    const request = readPlainRequest(incoming, peer, host);
    known.request = request;
    const route = host.routeOf(request);
    known.route = route;
    this.#leave = host.take(route, request.address);
    if (host.authorize !== undefined)
      known.identity = await unlessAborted(authorizedIdentity(host.authorize, request, route.name), signal);
    const pool = host.pools.get(route.options.pool);
    if (pool === undefined) throw unavailable(new Error(`there is no pool ${JSON.stringify(route.options.pool)}`));
    const connecting = pool.connect(
      { user: this.user ?? "", headers: request.headers, path: request.path, address: request.address, signal },
      (target, given, reached) =>
        this.#dial({ request, route, target, reached, signal: AbortSignal.any([signal, given]) }),
    );
    const { value, lease } = await unlessAborted(connecting, signal, ({ value: late, lease: unused }) => {
      late.socket.destroy();
      unused.end();
    });
    this.#open(value, lease, route);
  }

  async #dial({ request, route, target, reached, signal }: Dialing): Promise<UpgradedTarget> {
    const { request: incoming, peer, host } = this.#options;
    this.#known.target = target;
    const identity = this.#known.identity;
    const own =
      identity === undefined || host.identityHeaders === undefined
        ? {}
        : await host.identityHeaders({ identity, request, pool: route.options.pool, target });
    const { proxyProtocol } = route.options;
    return shakeHands({
      target,
      path: pathToTarget(route, target.url.pathname, request.url),
      headers: requestHeaders({
        raw: incoming.rawHeaders,
        route,
        origin: request.origin,
        targetHost: target.url.host,
        own,
        reserved: host.reservedHeaders,
        facts: {
          pool: route.options.pool,
          path: request.path,
          address: request.address,
          user: identity?.user,
          session: undefined,
          claims: identity?.claims,
        },
      }),
      preface:
        proxyProtocol === undefined
          ? undefined
          : proxyHeader(proxyProtocol, {
              source: { address: request.address, port: peer.port },
              destination: {
                address: this.#options.socket.localAddress ?? "",
                port: this.#options.socket.localPort ?? 0,
              },
            }),
      maxAnswerBytes: host.limits.maxAnswerBytes,
      onConnect: reached,
      signal,
    });
  }

  /** The target has upgraded: so has the client, from the next bytes on. */
  #open(upgraded: UpgradedTarget, lease: ProxyLease, route: Route): void {
    const { socket, head, host } = this.#options;
    const { timers, random } = host.ports;
    this.#known.target = lease.target;
    this.#known.subprotocol = valuesOf(upgraded.headers, "sec-websocket-protocol").join(", ");
    this.#answered(101);
    const onDown = (): void => this.close("target-down");
    const connection = new ProxiedConnection({
      client: socket,
      upstream: upgraded.socket,
      idleTimeoutMs: route.options.idleTimeoutMs ?? host.limits.idleTimeoutMs,
      closeTimeoutMs: host.limits.closeTimeoutMs,
      halfClosedTimeoutMs: host.limits.halfClosedTimeoutMs,
      timers,
      random,
      onIn: (bytes, messages) => lease.countIn(bytes, messages),
      onOut: (bytes, messages) => lease.countOut(bytes, messages),
      onClosed: (end) => {
        lease.signal.removeEventListener("abort", onDown);
        lease.end(end === "upstream-lost" ? new Error("The target ended without a close frame.") : undefined);
        this.#gone(end, connection);
      },
    });
    this.#state = { kind: "open", connection };
    socket.write(responseHead(101, upgraded.reason, upgradedHeaders(upgraded.headers, route.options.response)));
    connection.start(head, upgraded.head);
    this.#watchExpiry();
    lease.signal.addEventListener("abort", onDown);
    if (lease.signal.aborted) onDown();
  }

  #watchExpiry(): void {
    const { clock, timers } = this.#options.host.ports;
    const expiresAt = this.#known.identity?.expiresAt;
    if (expiresAt === undefined || this.#state.kind !== "open") return;
    this.#expiry = timers.after(Math.max(0, expiresAt - clock.now()), () => this.close("right-gone"));
  }

  #refuse(error: unknown): void {
    const { socket, host } = this.#options;
    this.#state = { kind: "answered" };
    if (socket.destroyed) return this.#gone("abandoned");
    // Also if the answer is not read.
    const timer = host.ports.timers.after(host.limits.closeTimeoutMs, () => socket.destroy());
    socket.once("close", () => {
      timer.cancel();
      this.#gone("refused");
    });
    if (error instanceof UpstreamRefused) {
      this.#answered(error.status);
      const headers = answerHeaders(error.headers, error.body.length, this.#known.route?.options.response);
      answer(socket, error.status, error.reason, error.body, headers);
      return;
    }
    const refusal = refusalOf(error);
    if (refusal.cause !== undefined)
      host.logger.warn({ error: refusal.cause, route: this.#known.route?.name, code: refusal.code }, refusal.message);
    this.#known.refusal = refusal;
    this.#answered(refusal.status);
    refuse(socket, refusal);
  }

  #answered(status: number): void {
    this.#known.status = status;
    this.#known.handshakeMs = this.#options.host.ports.clock.monotonic() - this.#since;
  }

  #gone(end: PlainEnd, connection?: ProxiedConnection): void {
    if (this.#state.kind === "gone") return;
    this.#state = { kind: "gone" };
    this.#expiry?.cancel();
    this.#leave();
    const { host, peer } = this.#options;
    const { request, route, target, identity, subprotocol, status, refusal, handshakeMs } = this.#known;
    const durationMs = host.ports.clock.monotonic() - this.#since;
    host.accessLog?.record({
      at: this.#at,
      address: request?.address ?? peer.address,
      host: request?.host ?? "",
      path: request?.path ?? "",
      route: route?.name,
      pool: route?.options.pool,
      target: target?.name,
      user: identity?.user,
      subprotocol,
      status,
      code: refusal?.code,
      end,
      durationMs,
      handshakeMs: handshakeMs ?? durationMs,
      fromClient: connection?.fromClient ?? nothing,
      fromUpstream: connection?.fromUpstream ?? nothing,
    });
    this.onGone();
  }
}
