import { jsonCodec, messageCost, protobufCodec } from "@hawser/protocol";
import type { BatchFrame } from "@hawser/protocol";
import type { SimulatedConnection, Way } from "../network/simulated-connection.ts";
import type { WireListener } from "../network/wire-tap.ts";
import type { Report } from "./violation.ts";

export interface BoundsCheckOptions {
  /** What a node may have written to a connection and not seen confirmed. */
  readonly maxUnconfirmedBytes: number;
  /** Whether frames are read to follow the credit of every grant; it costs as much as the run. */
  readonly credit: boolean;
  readonly report: Report;
}

/** One grant, followed on the wire. */
interface Grant {
  readonly generation: number;
  credit: number;
  cost: number;
}

interface Watched {
  /** By channel: those that were asked for and not yet given a number. */
  readonly asked: Map<number, Grant>;
  /** By the channel's number. */
  readonly grants: Map<number, Grant>;
}

/** Memory is bounded: what a node has sent and not seen confirmed, and what a client that does not read can be sent. */
export class BoundsCheck implements WireListener {
  readonly #options: BoundsCheckOptions;
  readonly #watched = new WeakMap<SimulatedConnection, Watched>();
  #mostUnconfirmed = 0;

  constructor(options: BoundsCheckOptions) {
    this.#options = options;
  }

  /** The most that ever was unconfirmed on one connection. */
  get mostUnconfirmedBytes(): number {
    return this.#mostUnconfirmed;
  }

  onWrote(connection: SimulatedConnection): void {
    const bytes = connection.unconfirmedBytes;
    if (bytes > this.#mostUnconfirmed) this.#mostUnconfirmed = bytes;
    const { maxUnconfirmedBytes, report } = this.#options;
    if (bytes > maxUnconfirmedBytes)
      report(`${connection.node.name} has ${bytes} bytes unconfirmed on connection ${connection.id}`);
  }

  /** What the client grants counts when it arrives at the node. */
  onArrived(connection: SimulatedConnection, way: Way, message: Uint8Array): void {
    if (!this.#options.credit || way !== "up") return;
    const watched = this.#watch(connection);
    for (const frame of codecOf(connection).decodeClient(message)) {
      if (frame.type === "subscribe")
        watched.asked.set(frame.id, { generation: frame.generation, credit: frame.credit, cost: 0 });
      if (frame.type !== "credit") continue;
      const grant = watched.grants.get(frame.number);
      if (grant?.generation === frame.generation) grant.credit = Math.max(grant.credit, frame.credit);
    }
  }

  onSent(connection: SimulatedConnection, way: Way, message: Uint8Array): void {
    if (!this.#options.credit || way !== "down") return;
    const watched = this.#watch(connection);
    for (const frame of codecOf(connection).decodeServer(message)) {
      if (frame.type === "subscribed") {
        const asked = watched.asked.get(frame.id);
        if (asked !== undefined) watched.grants.set(frame.number, asked);
      } else if (frame.type === "batch") this.#spend(connection, watched, frame);
    }
  }

  #spend(connection: SimulatedConnection, watched: Watched, frame: BatchFrame): void {
    const grant = watched.grants.get(frame.number);
    if (grant === undefined || grant.generation !== frame.generation) {
      this.#options.report(
        `connection ${connection.id} was sent a batch of generation ${frame.generation}, which is not its grant`,
      );
      return;
    }
    for (const message of frame.messages) {
      if (grant.credit !== 0 && grant.cost >= grant.credit) {
        this.#options.report(
          `connection ${connection.id} was sent a message at a cost of ${grant.cost}, past its credit of ${grant.credit}`,
        );
        return;
      }
      grant.cost += messageCost(message.payload);
    }
  }

  #watch(connection: SimulatedConnection): Watched {
    const known = this.#watched.get(connection);
    if (known !== undefined) return known;
    const made: Watched = { asked: new Map(), grants: new Map() };
    this.#watched.set(connection, made);
    return made;
  }
}

function codecOf(connection: SimulatedConnection): typeof protobufCodec {
  return connection.subprotocol === "hawser.v1" ? protobufCodec : jsonCodec;
}
