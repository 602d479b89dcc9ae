import { socketFaultKinds } from "../faults/fault-kinds.ts";
import type { SocketFaultKind } from "../faults/fault-kinds.ts";
import type { RandomStream } from "../random/random-stream.ts";

/** How a world's upstreams and virtual sockets are. */
export interface SocketOptions {
  /** Mean pause of a client between two sockets that it opens. */
  readonly openEveryMs: number;
  /** Mean pause of a client between two bursts of messages that it sends on some socket. */
  readonly sayEveryMs: number;
  /** Of the largest messages, either way. */
  readonly largestBytes: number;
  /** Of each end's window, and so of what it may have unread. */
  readonly windowBytes: number;
  readonly maxPieceBytes: number;
  readonly resumeMs: number;
  readonly acknowledgeMs: number;
  /** Nodes tell clients where they themselves are reached. */
  readonly tellsEndpoints: boolean;
  /** Nodes relay what is for other homes; else they say that they have no such socket. */
  readonly relays: boolean;
  /** Mean time between two faults of a kind; what is not named does not happen. */
  readonly faults: ReadonlyMap<SocketFaultKind, number>;
}

/** Virtual sockets are in one of four worlds. */
const share = 0.25;

/** What a seed draws; from a stream of its own, so that worlds without sockets are what they are without this. */
export function drawSocketOptions(random: RandomStream): SocketOptions | undefined {
  if (!random.chance(share)) return undefined;
  const windowBytes = random.pick([64, 500, 5_000, 65_536]);
  return {
    openEveryMs: random.pick([1_500, 4_000]),
    sayEveryMs: random.pick([100, 300, 1_000]),
    // A window a round trip is all that travels.
    largestBytes: Math.min(40_000, windowBytes * random.pick([2, 10])),
    windowBytes,
    maxPieceBytes: random.pick([20, 300, 4_096]),
    resumeMs: random.pick([3_000, 10_000, 30_000]),
    acknowledgeMs: random.pick([1, 20, 200]),
    tellsEndpoints: random.chance(0.7),
    relays: random.chance(0.7),
    faults: drawSocketFaults(random),
  };
}

function drawSocketFaults(random: RandomStream): Map<SocketFaultKind, number> {
  const faults = new Map<SocketFaultKind, number>();
  for (const kind of socketFaultKinds) {
    const meanMs = random.pick([1_000, 4_000]);
    if (random.chance(0.5)) faults.set(kind, meanMs);
  }
  return faults;
}
