import { jsonCodec, messageCost, protobufCodec } from "@hawser/protocol";
import type { BatchFrame, ClientFrame, ServerFrame } from "@hawser/protocol";
import type { SimulatedConnection, Way } from "../network/simulated-connection.ts";
import type { WireListener } from "../network/wire-tap.ts";

/** A grant of one connection, as it can be followed on the wire. */
export interface WireGrant {
  readonly channel: string;
  readonly generation: number;
  /** As the node has been told. */
  credit: number;
  /** Of what the node has sent under it. */
  cost: number;
}

/** What checkers want to know of frames, with the grant that they belong to. */
export interface FrameListener {
  onBatchSent?(connection: SimulatedConnection, frame: BatchFrame, grant: WireGrant | undefined): void;
  onBatchArrived?(connection: SimulatedConnection, frame: BatchFrame, grant: WireGrant): void;
  onResetArrived?(connection: SimulatedConnection, grant: WireGrant): void;
  /** What the node hears. */
  onHeard?(connection: SimulatedConnection, frame: ClientFrame): void;
}

interface Watched {
  /** By request: those that were asked for and not yet given a number. */
  readonly asked: Map<number, WireGrant>;
  /** By the channel's number, as the node has them and as the client does. */
  readonly atNode: Map<number, WireGrant>;
  readonly atClient: Map<number, WireGrant>;
}

/** Reads the frames of the wire, once for all who look at them: it costs as much as the run. */
export class WireFollower implements WireListener {
  readonly #listeners: readonly FrameListener[];
  readonly #watched = new WeakMap<SimulatedConnection, Watched>();

  constructor(listeners: readonly FrameListener[]) {
    this.#listeners = listeners;
  }

  onSent(connection: SimulatedConnection, way: Way, message: Uint8Array): void {
    if (way !== "down") return;
    const watched = this.#watch(connection);
    for (const frame of codecOf(connection).decodeServer(message)) {
      if (frame.type === "subscribed") {
        const asked = watched.asked.get(frame.id);
        if (asked !== undefined) watched.atNode.set(frame.number, asked);
      } else if (frame.type === "batch") {
        const grant = current(watched.atNode, frame);
        for (const listener of this.#listeners) listener.onBatchSent?.(connection, frame, grant);
        for (const { payload } of frame.messages) if (grant !== undefined) grant.cost += messageCost(payload);
      }
    }
  }

  onArrived(connection: SimulatedConnection, way: Way, message: Uint8Array): void {
    const watched = this.#watch(connection);
    if (way === "up")
      for (const frame of codecOf(connection).decodeClient(message)) this.#heard(connection, watched, frame);
    else for (const frame of codecOf(connection).decodeServer(message)) this.#arrived(connection, watched, frame);
  }

  #heard(connection: SimulatedConnection, watched: Watched, frame: ClientFrame): void {
    if (frame.type === "subscribe") {
      const { channel, generation, credit } = frame;
      watched.asked.set(frame.id, { channel, generation, credit, cost: 0 });
    }
    if (frame.type === "credit") {
      const grant = current(watched.atNode, frame);
      if (grant !== undefined) grant.credit = Math.max(grant.credit, frame.credit);
    }
    for (const listener of this.#listeners) listener.onHeard?.(connection, frame);
  }

  #arrived(connection: SimulatedConnection, watched: Watched, frame: ServerFrame): void {
    if (frame.type === "subscribed") {
      const asked = watched.asked.get(frame.id);
      if (asked !== undefined) watched.atClient.set(frame.number, asked);
    }
    if (frame.type !== "batch" && frame.type !== "reset") return;
    const grant = current(watched.atClient, frame);
    if (grant === undefined) return;
    for (const listener of this.#listeners) {
      if (frame.type === "batch") listener.onBatchArrived?.(connection, frame, grant);
      else listener.onResetArrived?.(connection, grant);
    }
  }

  #watch(connection: SimulatedConnection): Watched {
    const known = this.#watched.get(connection);
    if (known !== undefined) return known;
    const made: Watched = { asked: new Map(), atNode: new Map(), atClient: new Map() };
    this.#watched.set(connection, made);
    return made;
  }
}

function current(
  grants: ReadonlyMap<number, WireGrant>,
  { number, generation }: { readonly number: number; readonly generation: number },
): WireGrant | undefined {
  const grant = grants.get(number);
  return grant?.generation === generation ? grant : undefined;
}

function codecOf(connection: SimulatedConnection): typeof protobufCodec {
  return connection.subprotocol === "hawser.v1" ? protobufCodec : jsonCodec;
}
