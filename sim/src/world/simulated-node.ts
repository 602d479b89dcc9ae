import { createHash } from "node:crypto";
import { Home, Relay } from "@hawser/gateway/core";
import { HawserError } from "@hawser/protocol";
import { defaultLimits, HawserNode, silentObserver } from "@hawser/server/core";
import type { AuthenticateRequest, ChannelPolicy, Identity, Logger, NodeObserver, Signer } from "@hawser/server/core";
import { simulatedDeflate } from "../network/framing.ts";
import { SimulatedUpstreams } from "../sockets/simulated-upstreams.ts";
import { SimulatedLog } from "../store/simulated-log.ts";
import type { LogConditions } from "../store/simulated-log.ts";
import type { Process } from "../time/process.ts";
import { presenceRoom } from "./simulated-client.ts";
import { userOf } from "./tokens.ts";
import type { World } from "./world.ts";

const presencePolicy = { graceMs: 3_000, maxMembers: 100, maxMembersPerUser: 100, maxStateBytes: 1_024 };
/** Until a node that could not start is started again. */
const restartMs = 500;

/** One server process of the world: the real node over the simulated network and store, which dies and comes back. */
export class SimulatedNode {
  readonly host: string;
  readonly #world: World;
  readonly #policies = new Map<string, ChannelPolicy>();
  #process: Process;
  #node: HawserNode | undefined;
  #home: Home | undefined;
  #relay: Relay | undefined;
  #log: SimulatedLog | undefined;
  #held = { subscriptions: 0, channels: 0 };
  #starts = 0;
  #lost = false;
  /** It is to stay down until then. */
  #restartsAt = 0;

  constructor(world: World, host: string) {
    this.#world = world;
    this.host = host;
    this.#process = world.process(host);
    this.#process.kill();
  }

  get process(): Process {
    return this.#process;
  }

  get running(): boolean {
    return this.#process.alive && this.#node?.ready === true;
  }

  /** Connections that the node itself believes to have. */
  get connections(): number {
    return this.#process.alive ? (this.#node?.connections ?? 0) : 0;
  }

  /** What it holds for others, by its own account. */
  get held(): { readonly subscriptions: number; readonly channels: number } {
    return this.#held;
  }

  /** Virtual sockets that it is the home of. */
  get sockets(): number {
    return this.#process.alive ? (this.#home?.size ?? 0) : 0;
  }

  get node(): HawserNode | undefined {
    return this.#process.alive ? this.#node : undefined;
  }

  /** Begins anew, over the same store. */
  start(): void {
    if (this.#process.alive || this.#lost) return;
    const { network, trace } = this.#world;
    this.#starts += 1;
    const process = this.#world.process(`${this.host}#${this.#starts}`);
    this.#process = process;
    trace.note(`${process.name} starts`);
    this.#log = this.#openLog(process);
    const node = this.#makeNode(process, this.#log);
    this.#node = node;
    node.start().then(
      () => network.listen(this.host, process, (transport, peer) => node.accept(transport, peer)),
      (error: unknown) => {
        if (!process.alive) return;
        // A log that does not answer is no fault of the node's: whoever runs it starts it again.
        const again = error instanceof HawserError && error.code === "log-unavailable";
        if (again) this.crash(restartMs, false);
        else this.#world.report("nodes", `${process.name} does not start: ${String(error)}`);
      },
    );
  }

  /** All that it had in memory is gone. Its connections break, now or without a word. */
  crash(restartAfterMs: number, silent: boolean): void {
    if (!this.#process.alive) return;
    const { time, random, network, relays, trace } = this.#world;
    trace.note(`${this.#process.name} crashes`);
    this.#process.kill();
    relays.leave(this.#process, silent);
    this.#log?.abandon();
    for (const connection of network.connections) {
      if (connection.node === this.#process) connection.cut(silent ? undefined : random.nodes.number() * 50, undefined);
    }
    this.#restart(time.now + restartAfterMs, restartAfterMs);
  }

  /** It goes for good, with or without having run. */
  lose(): void {
    this.#lost = true;
    this.crash(0, false);
  }

  /** A restart in good order: connections are told to move, then it closes. */
  async stop(drainMs: number, restartAfterMs: number): Promise<void> {
    const node = this.#node;
    const process = this.#process;
    if (node === undefined || !this.running) return;
    this.#world.trace.note(`${process.name} stops, over ${drainMs} ms`);
    this.#world.sockets.homeLeaves(process);
    if (drainMs > 0) await node.drain({ overMs: drainMs });
    await node.close();
    if (!process.alive) return;
    this.#world.relays.leave(process, false);
    // What it wrote last is still on its way, so the connections end as the node ended them.
    process.kill();
    this.#log?.abandon();
    this.#restart(this.#world.time.now + restartAfterMs, restartAfterMs);
  }

  #restart(at: number, afterMs: number): void {
    this.#restartsAt = at;
    this.#world.time.after(afterMs, () => {
      if (this.#restartsAt <= this.#world.time.now) this.start();
    });
  }

  #openLog(process: Process): SimulatedLog {
    const { store, time, random, options, faults } = this.#world;
    return new SimulatedLog({
      store,
      time,
      random: random.log,
      process,
      owned: options.owned,
      conditions: (): LogConditions => this.#world.logConditions(),
      onFault: (kind) => faults.add(kind),
    });
  }

  #makeNode(process: Process, log: SimulatedLog): HawserNode {
    const { options, rights } = this.#world;
    const { clock, timers, random } = process.ports;
    this.#home = this.#makeHome(process);
    this.#relay = this.#makeRelay(process);
    return new HawserNode({
      sockets: this.#relay ?? this.#home,
      name: this.#nameOf(process),
      log: this.#world.wrapLog(log),
      clock,
      timers,
      random,
      authenticate: (request) => this.#authenticate(request),
      authorize: (request) => rights.authorize(request),
      policyOf: (channel) => this.#policyOf(channel),
      deduplicateMs: options.deduplicateMs,
      limits: {
        ...defaultLimits,
        heartbeatMs: options.heartbeatMs,
        idleBatchMs: options.idleBatchMs,
        connectTimeoutMs: 5_000,
        presenceLeaseMs: 10_000,
        presenceCheckpointMs: 20_000,
        maxTailBytes: options.tailBytes,
        // So short that tails are let go of between messages.
        tailIdleMs: 500,
        minDeflateBytes: 100,
        minUnconfirmedBytes: Math.min(2_048, options.maxUnconfirmedBytes),
        maxUnconfirmedBytes: options.maxUnconfirmedBytes,
      },
      calls: { echo: (request) => this.#echo(request as { readonly id: string; readonly delayMs: number }, process) },
      contract: undefined,
      deflate: options.compresses ? simulatedDeflate : undefined,
      signer,
      logger: this.#logger(process),
      observer: this.#observe(),
    });
  }

  /** In worlds with virtual sockets, of all its lives: that a home was started anew is told by its instance. */
  #nameOf(process: Process): string {
    return this.#world.options.sockets === undefined ? process.name : this.host;
  }

  #makeHome(process: Process): Home | undefined {
    const { sockets } = this.#world.options;
    if (sockets === undefined) return undefined;
    return new Home({
      ...process.ports,
      name: this.#nameOf(process),
      upstreams: new SimulatedUpstreams(this.#world, process),
      endpoints: sockets.tellsEndpoints ? [`ws://${this.host}`] : [],
      limits: {
        socketWindowBytes: sockets.windowBytes,
        maxPieceBytes: sockets.maxPieceBytes,
        socketResumeMs: sockets.resumeMs,
        acknowledgeMs: sockets.acknowledgeMs,
        socketOpenTimeoutMs: 4_000,
        maxSocketMessageBytes: sockets.largestBytes,
        maxSockets: 20,
      },
    });
  }

  /** Where nodes relay: the way to the homes of the others. */
  #makeRelay(process: Process): Relay | undefined {
    if (this.#home === undefined || this.#world.options.sockets?.relays !== true) return undefined;
    const { relays, hosts } = this.#world;
    const relay = new Relay({
      ...process.ports,
      home: this.#home,
      dialer: relays.dialer(process),
      addressOf: (home) => (hosts.includes(home) ? home : undefined),
      idleMs: 5_000,
    });
    relays.listen(this.host, process, (link) => relay.accept(link));
    return relay;
  }

  /** Counts what it holds for others. */
  #observe(): NodeObserver {
    const held = { subscriptions: 0, channels: 0 };
    this.#held = held;
    return {
      ...silentObserver,
      subscribed: () => (held.subscriptions += 1),
      unsubscribed: () => (held.subscriptions -= 1),
      tails: (channels) => (held.channels = channels),
    };
  }

  /** Answers with what was asked, after a while. */
  #echo(request: { readonly id: string; readonly delayMs: number }, process: Process): Promise<unknown> {
    this.#world.calls.run(request.id);
    return new Promise((resolve) => process.ports.timers.after(request.delayMs, () => resolve(request)));
  }

  #authenticate({ token }: AuthenticateRequest): Identity {
    const claims = userOf(token);
    if (claims === undefined) throw new HawserError("token-invalid", "This is no token of the simulator.");
    return claims.expiresAt === undefined ? { user: claims.user } : claims;
  }

  #policyOf(channel: string): ChannelPolicy {
    const known = this.#policies.get(channel);
    if (known !== undefined) return known;
    const { maxPayloadBytes } = this.#world;
    const policy = {
      ...this.#world.logPolicyOf(channel),
      ...this.#world.deliveryOf(channel),
      maxPayloadBytes,
      publishesPerSecond: 0,
      clientsPublish: true,
      presence: this.#world.options.presence && channel === presenceRoom ? presencePolicy : undefined,
    };
    this.#policies.set(channel, policy);
    return policy;
  }

  /** What a node reports as an error is a fault of its own. */
  #logger(process: Process): Logger {
    const note =
      (level: string) =>
      (fields: unknown, message: string): void => {
        this.#world.trace.line(() => `${process.name} ${level}: ${message} ${describe(fields)}`);
      };
    return {
      debug: note("debug"),
      info: note("info"),
      warn: note("warn"),
      error: (fields, message) =>
        this.#world.report("nodes", `${process.name} logs an error: ${message} ${describe(fields)}`),
    };
  }
}

/** The nodes share a secret. Not HMAC, since nobody here tries to break it, and this is cheaper. */
const signer: Signer = {
  sign: (data) => createHash("sha256").update("simulated secret").update(data).digest(),
  verify: (data, signature) => createHash("sha256").update("simulated secret").update(data).digest().equals(signature),
};

function describe(fields: unknown): string {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields as object))
    shown[name] = value instanceof Error ? value.stack : value;
  return JSON.stringify(shown);
}
