import { HawserError, socketCloseCodes } from "@hawser/protocol";
import type { AttachSocketFrame, Clock, OpenSocketFrame, Random, Timer, Timers } from "@hawser/protocol";
import type { SocketClient, SocketHandler, SocketService } from "@hawser/server/core";
import type { UpstreamRequest, Upstreams, UpstreamSocket } from "../upstream/upstream-socket.ts";
import { errorOf, forbidden, HomeClient } from "./home-client.ts";
import { resolveHomeLimits } from "./home-limits.ts";
import type { HomeLimits } from "./home-limits.ts";
import { HomeSocket } from "./home-socket.ts";
import type { Binding } from "./home-socket.ts";
import { SocketAccount } from "./socket-account.ts";
import type { SocketRecord } from "./socket-record.ts";
import { openInTime } from "./open-in-time.ts";
import { checkOpen, laneOf } from "./open-request.ts";

export interface HomeOptions {
  /** Of this node, and told to clients: the same name that other nodes know it by. */
  readonly name: string;
  readonly upstreams: Upstreams;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly limits?: Partial<HomeLimits>;
  /** Addresses at which clients reach this node itself. Default: none are told. */
  readonly endpoints?: readonly string[];
  /** Told of what becomes of sockets. Default: nobody is. */
  readonly observer?: HomeObserver;
}

/** What a home tells whoever counts. */
export interface HomeObserver {
  /** A socket to an upstream was opened. */
  opened(upstream: string): void;
  /** It could not be, for the reason of that error code. */
  refused(upstream: string, code: string): void;
  /** It is over. */
  over(record: SocketRecord): void;
  /** A client came back to it over another connection. */
  attached(upstream: string): void;
}

const tokenBytes = 16;
const instanceBytes = 8;
/** How long the ends of a drain may take to reach their clients. */
const drainGraceMs = 1_000;

/** A socket, or what gives up its opening. */
type Kept = HomeSocket | AbortController;

/** The home of virtual sockets: holds the upstreams' sockets, and keeps them while their clients change connections. */
export class Home implements SocketService {
  readonly name: string;
  /** This home's life: another after each start. */
  readonly instance: string;
  readonly limits: HomeLimits;
  readonly timers: Timers;
  readonly #options: HomeOptions;
  /** By owner, and by number. */
  readonly #sockets = new Map<string, Map<number, Kept>>();
  #size = 0;
  /** Those whose clients are to be told how far their streams have come. */
  readonly #unacknowledged = new Set<HomeSocket>();
  #draining: { readonly done: Promise<void>; readonly resolve: () => void; timer: Timer | undefined } | undefined;
  #closed = false;

  constructor(options: HomeOptions) {
    this.#options = options;
    this.name = options.name;
    this.instance = hexOf(options.random.bytes(instanceBytes));
    this.limits = resolveHomeLimits(options.limits);
    this.timers = options.timers;
  }

  /** Sockets that it holds, those too that are being opened. */
  get size(): number {
    return this.#size;
  }

  /** Bytes, with what each message costs beside its own, that all sockets keep for their clients and upstreams. */
  get keptBytes(): number {
    return this.#all().reduce((sum, socket) => sum + socket.keptBytes, 0);
  }

  attach(client: SocketClient): SocketHandler {
    return new HomeClient(client, this);
  }

  /** As `SocketHome.open`. */
  async open(binding: Binding, frame: OpenSocketFrame, ending: AbortController): Promise<void> {
    const { client } = binding;
    const owner = ownerOf(client);
    this.#abandon(owner, frame);
    try {
      this.#reserve(owner, frame, ending);
    } catch (error) {
      return this.#refuse(client, frame, error);
    }
    const { signal } = ending;
    try {
      if (!(await client.may(frame.upstream))) throw forbidden(frame.upstream);
      signal.throwIfAborted();
      const { timers, limits } = this;
      const request = requestOf(client, frame);
      const timeoutMs = limits.socketOpenTimeoutMs;
      const upstream = await openInTime(this.#options.upstreams, request, ending, { timers, timeoutMs });
      if (!signal.aborted && !this.#closed) return this.#opened(binding, frame, upstream);
      upstream.terminate();
      signal.throwIfAborted();
    } catch (error) {
      // When its connection has ended, nobody is to be told.
      if (!signal.aborted || signal.reason instanceof HawserError) this.#refuse(client, frame, error);
    }
    this.#release(owner, frame.number);
  }

  /** As `SocketHome.find`. */
  find(client: SocketClient, frame: AttachSocketFrame): HomeSocket | undefined {
    if (frame.home !== this.name || frame.instance !== this.instance) return undefined;
    const found = this.#sockets.get(ownerOf(client))?.get(frame.number);
    return found instanceof HomeSocket && sameBytes(found.token, frame.token) ? found : undefined;
  }

  /** As `SocketKeeper.acknowledge`: one timer for all. */
  acknowledge(socket: HomeSocket): void {
    this.#unacknowledged.add(socket);
    if (this.#unacknowledged.size > 1) return;
    this.timers.after(this.limits.acknowledgeMs, () => {
      const sockets = [...this.#unacknowledged];
      this.#unacknowledged.clear();
      for (const one of sockets) one.wake();
    });
  }

  /** As `SocketKeeper.onAttached`. */
  onAttached({ upstreamName }: HomeSocket): void {
    this.#options.observer?.attached(upstreamName);
  }

  /** As `SocketKeeper.onOver`. */
  onOver(socket: HomeSocket): void {
    this.#unacknowledged.delete(socket);
    this.#options.observer?.over(socket.recordAt(this.#options.clock.monotonic()));
    this.#release(socket.owner, socket.number);
  }

  drain(withinMs: number): Promise<void> {
    const draining = (this.#draining ??= beginDrain());
    draining.timer?.cancel();
    if (this.#size === 0) draining.resolve();
    else draining.timer = this.timers.after(withinMs, () => this.#endAll());
    return draining.done;
  }

  close(): void {
    this.#closed = true;
    this.#draining?.timer?.cancel();
    for (const socket of this.#all()) socket.terminate();
    this.#draining?.resolve();
  }

  /** The client has begun anew what it does not know to be open (SOCK-25). */
  #abandon(owner: string, { instead, number }: OpenSocketFrame): void {
    const former = instead < number ? this.#sockets.get(owner)?.get(instead) : undefined;
    if (former instanceof HomeSocket) former.abandon("The client opened another in its place.");
    else former?.abort();
  }

  /** @throws HawserError of what this home refuses without asking the upstream. */
  #reserve(owner: string, frame: OpenSocketFrame, ending: AbortController): void {
    const { maxSockets, maxNodeSockets } = this.limits;
    const kept = this.#sockets.get(owner) ?? new Map<number, Kept>();
    if (this.#closed || this.#draining !== undefined)
      throw new HawserError("upstream-unavailable", "This node opens no virtual sockets now.", { retry: true });
    if (frame.number === 0 || kept.has(frame.number))
      throw new HawserError("generation-stale", `A socket of this session has the number ${frame.number} already.`);
    if (kept.size >= maxSockets)
      throw new HawserError("too-many-sockets", `This session has its ${maxSockets} virtual sockets here.`);
    if (this.#size >= maxNodeSockets)
      throw new HawserError("overloaded", "This node has all the virtual sockets that it takes.", { retry: true });
    checkOpen(frame);
    kept.set(frame.number, ending);
    this.#sockets.set(owner, kept);
    this.#size += 1;
  }

  #refuse(client: SocketClient, { id, upstream }: OpenSocketFrame, error: unknown): void {
    const told = errorOf(error, client);
    this.#options.observer?.refused(upstream, told.code);
    client.refuse(id, told);
  }

  #release(owner: string, number: number): void {
    const kept = this.#sockets.get(owner);
    if (kept?.delete(number) !== true) return;
    if (kept.size === 0) this.#sockets.delete(owner);
    this.#size -= 1;
    if (this.#size === 0 && this.#draining !== undefined) {
      this.#draining.timer?.cancel();
      this.#draining.resolve();
    }
  }

  #opened(binding: Binding, frame: OpenSocketFrame, upstream: UpstreamSocket): void {
    const { client } = binding;
    const owner = ownerOf(client);
    const { number } = frame;
    const { clock, random, endpoints = [], observer } = this.#options;
    const token = random.bytes(tokenBytes);
    const socket = new HomeSocket(
      {
        keeper: this,
        owner,
        number,
        upstreamName: frame.upstream,
        lane: laneOf(frame.lane),
        token,
        upstream,
        credit: frame.credit,
        account: new SocketAccount({
          pool: frame.upstream,
          at: clock.now(),
          since: clock.monotonic(),
          path: frame.path.replace(/\?.*$/s, ""),
          user: client.identity.user,
          session: client.session,
          address: client.address,
          subprotocol: upstream.protocol,
        }),
      },
      binding,
    );
    this.#sockets.get(owner)?.set(number, socket);
    observer?.opened(frame.upstream);
    client.answer(frame.id, {
      type: "socket-opened",
      id: frame.id,
      token,
      home: this.name,
      instance: this.instance,
      endpoints,
      protocol: upstream.protocol,
      extensions: upstream.extensions,
      credit: socket.credit,
      resumeMs: this.limits.socketResumeMs,
    });
  }

  /** The deadline of a drain has come (SOCK-21). */
  #endAll(): void {
    for (const socket of this.#all())
      socket.end(socketCloseCodes.nodeDrained, "The node that held this socket went away.", 1001);
    const draining = this.#draining!;
    draining.timer = this.timers.after(drainGraceMs, () => {
      for (const socket of this.#all()) socket.terminate();
      draining.resolve();
    });
  }

  #all(): HomeSocket[] {
    return [...this.#sockets.values()].flatMap((kept) => [...kept.values()].filter((one) => one instanceof HomeSocket));
  }
}

function beginDrain(): { readonly done: Promise<void>; readonly resolve: () => void; timer: Timer | undefined } {
  let resolve = (): void => {};
  const done = new Promise<void>((settle) => (resolve = settle));
  return { done, resolve, timer: undefined };
}

/** Whose sockets they are: the same session of another user is another session (CON-9). */
function ownerOf({ identity, session }: SocketClient): string {
  return `${identity.user} ${session}`;
}

function requestOf({ identity, session, address }: SocketClient, frame: OpenSocketFrame): UpstreamRequest {
  const { upstream, path, protocols } = frame;
  return { upstream, path, protocols, identity, session, address };
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Takes the same time wherever the two differ. */
function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let index = 0; index < one.length; index += 1) difference |= one[index]! ^ other[index]!;
  return difference === 0;
}
