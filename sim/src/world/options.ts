import type { Placement } from "@hawser/client";
import type { ChannelPolicy } from "@hawser/server/core";
import type { FaultRates } from "@hawser/log/fake-broker";
import type { RandomStream } from "../random/random-stream.ts";
import type { FaultKind } from "../faults/fault-kinds.ts";
import { faultKinds } from "../faults/fault-kinds.ts";
import { drawSocketOptions } from "../sockets/socket-options.ts";
import type { SocketOptions } from "../sockets/socket-options.ts";

/** From the least to the most, evenly. */
export interface Range {
  readonly least: number;
  readonly most: number;
}

/** A channel of the simulated world. */
export interface ChannelPlan {
  readonly name: string;
  /** Who may read and publish; `undefined`: everybody. */
  readonly members: readonly string[] | undefined;
  /** Whether its members may read what came before their subscription. */
  readonly history: boolean;
  /** Over which of several connections it goes. Default "any". */
  readonly placement?: Placement;
  /** How nodes deliver it. Default: as they do when nothing is said. */
  readonly delivery?: DeliveryPlan;
}

/** What a channel's policy says of delivery. */
export type DeliveryPlan = Pick<ChannelPolicy, "lane" | "conflate" | "deliveriesPerSecond">;

/** Everything that one world is made with. A seed draws it; a scenario writes it down. */
export interface WorldOptions {
  readonly seed: number;
  /** How long faults and work go on, in simulated milliseconds. */
  readonly workMs: number;
  /** Within that time after the world has healed everything has arrived. */
  readonly healMs: number;
  readonly nodes: number;
  /** The one node owns the data: each start of it is a new epoch. Else the nodes share a log that stands by itself. */
  readonly owned: boolean;
  /** A broker with these faults is the log, in the place of the store; `undefined`: the store is. */
  readonly broker: Partial<FaultRates> | undefined;
  readonly users: readonly string[];
  /** The user of each client. */
  readonly clients: readonly string[];
  readonly channels: readonly ChannelPlan[];
  /** How many connections each client has; with several, the last one is the lane "bulk" if any channel goes there. */
  readonly connections: number;
  /** With several connections: how late an answer may be until streams go to another. */
  readonly stallAfterMs: number;
  readonly sparseOffsets: boolean;
  readonly retainCount: number;
  readonly retainBytes: number;
  readonly retainAgeMs: number;
  /** Long enough that no frame is under way for as long as the half of it that clients do not use (PUB-13). */
  readonly deduplicateMs: number;
  /** How long a client's machine sleeps at most. */
  readonly maxSleepMs: number;
  /** Every client enters the first room, and watches who is there. */
  readonly presence: boolean;
  /** The last of several nodes does not come back when the world heals. */
  readonly losesNode: boolean;
  readonly heartbeatMs: number;
  readonly idleBatchMs: number;
  readonly tailBytes: number;
  readonly maxUnconfirmedBytes: number;
  readonly windowBytes: number;
  readonly json: boolean;
  /** Nodes compress blocks of messages for the clients that inflate. */
  readonly compresses: boolean;
  readonly latencyMs: Range;
  readonly jitterMs: number;
  /** How many connections are slow, and how slow those are. */
  readonly slowRate: number;
  readonly slowBytesPerMs: number;
  readonly logLatencyMs: number;
  readonly followLagMs: number;
  /** Mean pause of a client between two publishes. */
  readonly publishEveryMs: number;
  readonly payloadBytes: Range;
  /** Mean pause of a client between two changes of its subscriptions. */
  readonly churnEveryMs: number;
  readonly slowReaderRate: number;
  /** 0: tokens do not expire. */
  readonly tokenLifeMs: number;
  /** Mean time between two faults of a kind; what is not named does not happen. */
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly ambiguousRate: number;
  /** Clients open virtual sockets to upstreams; `undefined`: there are none. */
  readonly sockets: SocketOptions | undefined;
  /** Credit, tokens and what waits unread are followed on the wire, which takes as long as the run. */
  readonly readWire: boolean;
}

/** A quiet world without faults, for scenarios to change. */
export const calmWorld: WorldOptions = {
  seed: 1,
  workMs: 10_000,
  healMs: 60_000,
  nodes: 1,
  owned: false,
  broker: undefined,
  users: ["ann"],
  clients: ["ann"],
  channels: [{ name: "room.0", members: undefined, history: true }],
  connections: 1,
  stallAfterMs: 2_000,
  sparseOffsets: false,
  retainCount: 1_000_000,
  retainBytes: 1e9,
  retainAgeMs: Number.POSITIVE_INFINITY,
  deduplicateMs: 600_000,
  maxSleepMs: 12_000,
  losesNode: false,
  presence: false,
  heartbeatMs: 5_000,
  idleBatchMs: 5_000,
  tailBytes: 1_048_576,
  maxUnconfirmedBytes: 262_144,
  windowBytes: 262_144,
  json: false,
  compresses: false,
  latencyMs: { least: 5, most: 5 },
  jitterMs: 0,
  slowRate: 0,
  slowBytesPerMs: 10,
  logLatencyMs: 2,
  followLagMs: 1,
  publishEveryMs: 1_000,
  payloadBytes: { least: 10, most: 10 },
  churnEveryMs: Number.POSITIVE_INFINITY,
  slowReaderRate: 0,
  tokenLifeMs: 0,
  faults: new Map(),
  ambiguousRate: 0,
  sockets: undefined,
  readWire: true,
};

/**
 * What the world of a seed is like. Each seed draws its own sizes, speeds, options and rates of faults (a swarm: Groce
 * et al., "Swarm Testing", ISSTA 2012), since what hides one fault from view is often another one.
 */
export function drawOptions(seed: number, root: RandomStream): WorldOptions {
  const random = root.split("options");
  const users = ["ann", "ben", "cid", "dot"].slice(0, random.integer(2, 4));
  const nodes = random.pick([1, 1, 2, 3]);
  const least = random.pick([0.5, 2, 10, 40]);
  const maxUnconfirmedBytes = random.pick([4_096, 32_768, 1_048_576]);
  const windowBytes = random.pick([1_024, 8_192, 262_144]);
  const faults = drawFaults(random);
  // What a batch cost that was lost, as no transport loses one, is given back when the gap is seen (SUB-10). Where a trim hides the gap,
  // it is not: a narrow window would close.
  if (windowBytes < 262_144) faults.delete("batches lost");
  const deduplicateMs = random.pick([24_000, 24_000, 600_000]);
  const sockets = drawSocketOptions(root.split("sockets"));
  const options: WorldOptions = {
    seed,
    workMs: random.integer(12_000, 30_000),
    healMs: isSlow(windowBytes, sockets) ? 1_200_000 : 90_000,
    nodes,
    owned: nodes === 1 && random.chance(0.5),
    broker: undefined,
    users,
    clients: Array.from({ length: random.integer(2, 5) }, () => random.pick(users)),
    channels: drawDeliveries(root.split("delivery"), drawChannels(random, users)),
    connections: random.pick([1, 1, 2, 2, 3]),
    stallAfterMs: random.pick([500, 2_000]),
    sparseOffsets: random.chance(0.5),
    retainCount: random.pick([10, 50, 1_000_000]),
    retainBytes: random.pick([4_000, 1e9, 1e9]),
    retainAgeMs: random.pick([3_000, 10_000, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]),
    deduplicateMs: 24_000,
    maxSleepMs: 12_000,
    losesNode: nodes > 1 && random.chance(0.2),
    presence: !faults.has("log went back") && random.chance(0.4),
    heartbeatMs: random.pick([1_000, 3_000, 10_000]),
    idleBatchMs: random.pick([1_000, 5_000, 30_000]),
    tailBytes: random.pick([500, 4_000, 1_048_576]),
    maxUnconfirmedBytes,
    windowBytes,
    json: random.chance(0.25),
    compresses: root.split("compression").chance(0.5),
    latencyMs: { least, most: least * random.pick([1, 3]) },
    jitterMs: random.pick([0, 5, 30]),
    slowRate: random.pick([0, 0, 0.2]),
    slowBytesPerMs: random.pick([1, 5, 20]),
    logLatencyMs: random.pick([0.2, 2, 20]),
    followLagMs: random.pick([0, 1, 30]),
    publishEveryMs: random.pick([150, 300, 600]),
    payloadBytes: { least: 0, most: random.pick([20, 200, 1_000]) },
    churnEveryMs: random.pick([3_000, 8_000, Number.POSITIVE_INFINITY]),
    slowReaderRate: random.pick([0, 0.2, 0.5]),
    tokenLifeMs: random.pick([0, 0, 8_000, 15_000]),
    faults,
    ambiguousRate: random.pick([0, 0, 0.02, 0.15]),
    sockets,
    readWire: random.chance(0.2),
  };
  return random.chance(0.15) ? onBroker(options, random) : withWindows({ ...options, deduplicateMs }, random);
}

/** Whether little travels at a time, on any path: a window or a few pieces in each round trip. What was left behind takes its time. */
function isSlow(windowBytes: number, sockets: SocketOptions | undefined): boolean {
  if (windowBytes < 8_192) return true;
  return sockets !== undefined && (sockets.windowBytes < 8_192 || sockets.maxPieceBytes < 4_096);
}

/** Frames that hang on the way may be late by half of the window at most: a short one is for worlds in which none does. */
function withWindows(options: WorldOptions, random: RandomStream): WorldOptions {
  const slow: readonly FaultKind[] = ["stall up", "slow link", "left with frames under way"];
  if (options.slowRate > 0 || slow.some((kind) => options.faults.has(kind)) || random.chance(0.3)) return options;
  return { ...options, deduplicateMs: 8_000, maxSleepMs: 20_000 };
}

/** The same world on a broker. Whatever it keeps, it keeps whole: how far it was trimmed cannot be seen from outside. */
function onBroker(options: WorldOptions, random: RandomStream): WorldOptions {
  const rate = (): number => random.pick([0, 0.02, 0.2]);
  const broker = {
    duplicate: rate(),
    loseReply: rate(),
    lateReply: rate(),
    lateAppend: rate(),
    gap: rate(),
    loseFetch: rate(),
    loseRequest: rate(),
    outage: random.pick([0, 0, 0.002]),
  };
  const faults = new Map([...options.faults].filter(([kind]) => kind !== "trim" && kind !== "log went back"));
  return {
    ...options,
    owned: false,
    presence: false,
    broker,
    faults,
    // What is quiet there is so for more than a minute, after what was tried for the last time has had its time.
    healMs: options.healMs + 90_000,
    retainCount: 1_000_000,
    retainBytes: 1e9,
    retainAgeMs: Number.POSITIVE_INFINITY,
  };
}

function drawChannels(random: RandomStream, users: readonly string[]): ChannelPlan[] {
  const channels: ChannelPlan[] = [];
  for (let index = 0; index < random.integer(1, 3); index += 1)
    channels.push({ name: `room.${index}`, members: undefined, history: true, placement: drawPlacement(random) });
  const some = { members: users.slice(0, 2), placement: drawPlacement(random) };
  if (random.chance(0.6)) channels.push({ name: "private.0", history: true, ...some });
  if (random.chance(0.4)) channels.push({ name: "live.0", history: false, ...some });
  return channels;
}

/** A rate above what is published on the average, so that what was left behind is caught up with. */
function drawDeliveries(random: RandomStream, channels: readonly ChannelPlan[]): ChannelPlan[] {
  return channels.map((plan) => ({
    ...plan,
    delivery: {
      lane: random.pick(["interactive", "normal", "normal", "bulk"]),
      conflate: random.chance(0.2),
      deliveriesPerSecond: random.pick([0, 0, 0, 40, 100]),
    },
  }));
}

function drawPlacement(random: RandomStream): Placement {
  return random.pick<Placement>(["any", "mirrored", "mirrored", { lane: "bulk" }]);
}

/** About half of the kinds, each as often as it likes. */
function drawFaults(random: RandomStream): Map<FaultKind, number> {
  const faults = new Map<FaultKind, number>();
  for (const kind of faultKinds) {
    const meanMs = random.pick([1_500, 4_000, 10_000]);
    if (random.chance(0.5)) faults.set(kind, meanMs);
  }
  return faults;
}
