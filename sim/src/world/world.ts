import type { ConnectionPlan, Placement } from "@hawser/client";
import type { Log, LogPolicy } from "@hawser/log";
import type { Position } from "@hawser/protocol";
import { BoundsCheck } from "../check/bounds-check.ts";
import { CallLedger } from "../check/call-ledger.ts";
import { DeferredStreamCheck } from "../check/deferred-stream-check.ts";
import { PublishLedger } from "../check/publish-ledger.ts";
import { RateCheck } from "../check/rate-check.ts";
import { RightsCheck } from "../check/rights-check.ts";
import { StreamCheck } from "../check/stream-check.ts";
import type { StreamCheckOptions } from "../check/stream-check.ts";
import { TokenCheck } from "../check/token-check.ts";
import { UnreadCheck } from "../check/unread-check.ts";
import { Violation } from "../check/violation.ts";
import type { Checker } from "../check/violation.ts";
import { WireFollower } from "../check/wire-follower.ts";
import { FaultCounts } from "../faults/fault-kinds.ts";
import type { Paths } from "../network/simulated-network.ts";
import { RelayNetwork } from "../network/relay-network.ts";
import { SimulatedNetwork } from "../network/simulated-network.ts";
import { noNumbers } from "../plan/number-set.ts";
import type { NumberSet } from "../plan/number-set.ts";
import { RandomStream } from "../random/random-stream.ts";
import type { SimulatedUpstream } from "../sockets/simulated-upstream.ts";
import { SocketLedger } from "../sockets/socket-ledger.ts";
import type { SocketOptions } from "../sockets/socket-options.ts";
import { SocketWireCheck } from "../sockets/socket-wire-check.ts";
import { BrokerStore } from "../store/broker-store.ts";
import { DurableStore } from "../store/durable-store.ts";
import { isOfPresence } from "../store/presence-channels.ts";
import type { LogConditions } from "../store/simulated-log.ts";
import { Process } from "../time/process.ts";
import { beginsAt, SimulatedTime } from "../time/simulated-time.ts";
import { Trace } from "../trace/trace.ts";
import type { DeliveryPlan, WorldOptions } from "./options.ts";
import { Rights } from "./rights.ts";
import { SimulatedClient } from "./simulated-client.ts";
import { SimulatedNode } from "./simulated-node.ts";

/** What a run has seen. */
export interface Figures {
  published: number;
  called: number;
  delivered: number;
  /** When the last one was. */
  deliveredAt: number;
  lost: number;
  resets: number;
  /** Messages that conflated channels left out. */
  leftOut: number;
}

/** Changes the code under test from outside, for the tests that show that the simulator finds what is wrong. */
export interface Mutation {
  readonly wrapLog?: (log: Log, world: World) => Log;
  readonly onWorld?: (world: World) => void;
}

export interface WorldExtras {
  readonly mutation?: Mutation;
  /** Takes one line for each thing that happens. */
  readonly write?: ((line: string) => void) | undefined;
  /** Clients of the options that are left out, by their index. */
  readonly absent?: NumberSet;
}

/** What the log keeps of who is where: well above what nodes say again and again. */
const presenceLogPolicy: LogPolicy = {
  durability: "memory",
  retainCount: 1_000_000,
  retainBytes: 1e9,
  retainAgeMs: 300_000,
  deduplicateMs: 0,
};

/** Streams by purpose, so that a draw for one does not change the others. */
interface Streams {
  readonly network: RandomStream;
  readonly log: RandomStream;
  readonly store: RandomStream;
  readonly nodes: RandomStream;
  readonly clients: RandomStream;
  readonly processes: RandomStream;
  /** Split anew for each action of the plan. */
  readonly actions: RandomStream;
  readonly heal: RandomStream;
}

/** What a channel takes; now and then a client publishes more. */
const maxPayloadBytes = 4_096;
/** The cost of the largest message: what its identity and the JSON around it take, and the 32 that each costs. */
const messageSlackBytes = maxPayloadBytes + 128;

/** Everything that exists in one simulated run: time, network, store, nodes, clients, and the checkers that watch them. */
export class World {
  readonly options: WorldOptions;
  readonly time = new SimulatedTime();
  readonly trace: Trace;
  readonly random: Streams;
  readonly rights: Rights;
  readonly network: SimulatedNetwork;
  readonly relays: RelayNetwork;
  readonly store: DurableStore;
  /** The log of a world on a broker; the store then takes, at the end, what is in it. */
  readonly broker: BrokerStore | undefined;
  readonly ledger: PublishLedger;
  readonly calls = new CallLedger((message) => this.report("calls", message));
  readonly sockets = new SocketLedger();
  /** The upstreams' ends of them. */
  readonly upstreams: SimulatedUpstream[] = [];
  readonly faults = new FaultCounts();
  readonly figures: Figures = { published: 0, called: 0, delivered: 0, deliveredAt: 0, lost: 0, resets: 0, leftOut: 0 };
  readonly unread: UnreadCheck;
  readonly hosts: readonly string[];
  readonly nodes: readonly SimulatedNode[];
  readonly clients: SimulatedClient[] = [];
  readonly beginsAt = beginsAt;
  readonly maxPayloadBytes = maxPayloadBytes;
  readonly #mutation: Mutation;
  readonly #users = new Map<Process, string>();
  /** Faults are over. */
  healed = false;
  logUnavailable = false;
  /** Checkers that wait for the truth. */
  readonly deferred: DeferredStreamCheck[] = [];

  constructor(options: WorldOptions, { mutation = {}, write, absent = noNumbers }: WorldExtras = {}) {
    const root = new RandomStream(options.seed);
    this.options = options;
    this.#mutation = mutation;
    this.trace = new Trace(this.time, write);
    this.random = {
      network: root.split("network"),
      log: root.split("log"),
      store: root.split("store"),
      nodes: root.split("nodes"),
      clients: root.split("clients"),
      processes: root.split("processes"),
      actions: root.split("actions"),
      heal: root.split("heal"),
    };
    this.rights = new Rights(options.channels);
    this.network = new SimulatedNetwork({
      time: this.time,
      random: this.random.network,
      trace: this.trace,
      paths: () => this.drawPaths(),
    });
    this.relays = new RelayNetwork(this.time, root.split("relays"));
    this.store = new DurableStore({
      time: this.time,
      random: this.random.store,
      policyOf: (channel) => this.logPolicyOf(channel),
      sparse: options.sparseOffsets,
    });
    this.broker = options.broker && new BrokerStore(this.process("broker").ports, options.broker);
    this.ledger = new PublishLedger((message) => this.report("publishes", message));
    this.unread = new UnreadCheck({
      windowBytes: options.windowBytes,
      slackBytes: (options.connections + 1) * messageSlackBytes,
      report: (message) => this.report("bounds", message),
    });
    // A mutant alters what checkers then see, as a broken peer would.
    mutation.onWorld?.(this);
    if (options.sockets !== undefined) this.network.tap.listen(this.#watchSockets(options.sockets));
    if (options.readWire) this.network.tap.listen(this.#followWire());
    this.network.tap.listen(
      new RightsCheck({
        mayRead: (connection, channel) => {
          const user = this.#users.get(connection.client);
          return user !== undefined && this.rights.mayBeSent(user, channel, connection);
        },
        report: (message) => this.report("rights", message),
      }),
    );
    this.hosts = Array.from({ length: options.nodes }, (_, index) => `node-${index}`);
    this.nodes = this.hosts.map((host) => new SimulatedNode(this, host));
    for (const node of this.nodes) node.start();
    for (const [index, user] of options.clients.entries())
      if (!absent.has(index)) this.clients.push(new SimulatedClient(this, `c${index}`, user));
  }

  /** A promise of Hawser does not hold: the run ends. */
  report(checker: Checker, message: string): void {
    this.trace.note(`violation: ${message}`);
    this.time.fail(new Violation(checker, `at ${(this.time.now / 1000).toFixed(3)} s: ${message}`));
  }

  #watchSockets({ windowBytes, largestBytes, relays, faults }: SocketOptions): SocketWireCheck {
    return new SocketWireCheck({
      ledger: this.sockets,
      reachesHome: relays && !faults.has("relay cut") && !faults.has("relay stalls"),
      mayBeSent: ({ user, upstream }, node) => this.rights.mayBeSentOf(user, upstream, node),
      windowBytes,
      largestBytes,
      now: () => this.time.now,
      report: (message) => this.report("sockets", message),
      reportBounds: (message) => this.report("bounds", message),
    });
  }

  #followWire(): WireFollower {
    const { maxUnconfirmedBytes } = this.options;
    const bounds = new BoundsCheck({ maxUnconfirmedBytes, report: (message) => this.report("bounds", message) });
    const tokens = new TokenCheck((message) => this.report("rights", message));
    const rates = new RateCheck({
      rateOf: (channel) => this.deliveryOf(channel).deliveriesPerSecond ?? 0,
      report: (message) => this.report("bounds", message),
    });
    return new WireFollower([bounds, this.unread, tokens, rates]);
  }

  process(name: string): Process {
    return new Process(name, this.time, this.random.processes.split(name));
  }

  wrapLog(log: Log): Log {
    const used = this.broker?.log() ?? log;
    return this.#mutation.wrapLog?.(used, this) ?? used;
  }

  /** What its plan says of how a channel is delivered; nothing of an inbox. */
  deliveryOf(channel: string): DeliveryPlan {
    return this.options.channels.find((plan) => plan.name === channel)?.delivery ?? {};
  }

  logPolicyOf(channel: string): LogPolicy {
    const { retainCount, retainBytes, retainAgeMs, deduplicateMs } = this.options;
    if (isOfPresence(channel)) return presenceLogPolicy;
    const inbox = channel.startsWith("$");
    return { durability: "commit", retainCount: inbox ? 1_000 : retainCount, retainBytes, retainAgeMs, deduplicateMs };
  }

  logConditions(): LogConditions {
    const { logLatencyMs, followLagMs, ambiguousRate, deduplicateMs } = this.options;
    const rate = this.healed ? 0 : ambiguousRate;
    // Clients send again for four fifths of that time.
    const mostLateMs = Math.min(2_000, deduplicateMs / 8);
    return { latencyMs: logLatencyMs, followLagMs, ambiguousRate: rate, mostLateMs, unavailable: this.logUnavailable };
  }

  /** Watches one subscription to a channel, as the log names it. */
  streamCheck(channel: string, label: string, from: Position | undefined): StreamCheck {
    const options: StreamCheckOptions = {
      channel: this.store.channel(channel),
      label,
      from,
      conflates: this.deliveryOf(channel).conflate ?? false,
      onLeftOut: (messages) => (this.figures.leftOut += messages),
      report: (message) => this.report("streams", message),
    };
    if (this.broker === undefined) return new StreamCheck(options);
    const check = new DeferredStreamCheck(options);
    this.deferred.push(check);
    return check;
  }

  /** Whether the channel's messages are not for everybody. */
  isRestricted(channel: string): boolean {
    return this.options.channels.find((plan) => plan.name === channel)?.members !== undefined;
  }

  /** What a client's connections are for. */
  get connectionPlans(): readonly ConnectionPlan[] {
    const { connections, channels } = this.options;
    const bulk = connections > 1 && channels.some(({ placement }) => typeof placement === "object");
    return Array.from({ length: connections }, (_, index) =>
      bulk && index === connections - 1 ? { lane: "bulk" } : {},
    );
  }

  placementOf(channel: string): Placement {
    return this.options.channels.find(({ name }) => name === channel)?.placement ?? "any";
  }

  drawPaths(): Paths {
    const { latencyMs, jitterMs, slowRate, slowBytesPerMs } = this.options;
    const random = this.random.network;
    const latency = latencyMs.least + random.number() * (latencyMs.most - latencyMs.least);
    const slow = random.chance(slowRate) && !this.healed;
    if (slow) this.faults.add("slow connection");
    const path = { latencyMs: latency, jitterMs, bytesPerMs: slow ? slowBytesPerMs : Number.POSITIVE_INFINITY };
    return { up: path, down: path };
  }

  /** Nodes that run now. */
  get running(): readonly SimulatedNode[] {
    return this.nodes.filter((node) => node.running);
  }

  /** Whose connections those of this process are. */
  belongsTo(process: Process, user: string): void {
    this.#users.set(process, user);
  }
}
