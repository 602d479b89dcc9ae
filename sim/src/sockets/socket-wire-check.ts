import { jsonCodec, pieceCost, protobufCodec } from "@hawser/protocol";
import type { ClientFrame, ServerFrame, SocketDataFrame } from "@hawser/protocol";
import type { Report } from "../check/violation.ts";
import type { SimulatedConnection, Way } from "../network/simulated-connection.ts";
import type { WireListener } from "../network/wire-tap.ts";
import type { Process } from "../time/process.ts";
import type { SocketLedger } from "./socket-ledger.ts";
import type { SocketRecord } from "./socket-record.ts";

/** One socket, as far as the wire tells. */
interface Watched {
  readonly record: SocketRecord;
  /** Up to which offsets the ends may send: as the others have said on the wire. */
  upCredit: number;
  downCredit: number;
  /** The client has closed it, or was told that it is gone: what comes is read by nobody. */
  ended: boolean;
}

interface Place {
  readonly connection: SimulatedConnection;
  readonly generation: number;
}

/** An open or an attach; only that says how far the client came. */
interface Asked {
  readonly number: number;
  readonly credit: number;
  readonly generation?: number;
  readonly received?: number;
}

export interface SocketWireCheckOptions {
  readonly ledger: SocketLedger;
  /** Nodes reach homes at all times: an attach may come to any. */
  readonly reachesHome: boolean;
  /** Whether a node may send what the socket's upstream says. */
  readonly mayBeSent: (record: SocketRecord, node: Process) => boolean;
  readonly windowBytes: number;
  readonly largestBytes: number;
  readonly now: () => number;
  readonly report: Report;
  readonly reportBounds: Report;
}

/** What a client that gives a socket up closes it with. */
const goingAway = 1001;
/** What a message costs beside its bytes, and the close. */
const slackBytes = 64;

/**
 * Reads the frames of virtual sockets on the wire: each piece is of the socket that it says it is, at its place; nobody goes
 * beyond the credit that he has, or gives more than his window.
 */
export class SocketWireCheck implements WireListener {
  readonly #options: SocketWireCheckOptions;
  /** By client and number. */
  readonly #watched = new Map<Process, Map<number, Watched>>();
  readonly #byToken = new Map<string, SocketRecord>();
  /** Those that their node has ended. */
  readonly #left = new WeakSet<SimulatedConnection>();
  /** The connection that its home listens to, and since which attach. */
  readonly #places = new WeakMap<SocketRecord, Place>();
  /** What clients have asked for on a connection, by request. */
  readonly #requests = new WeakMap<SimulatedConnection, Map<number, Asked>>();

  constructor(options: SocketWireCheckOptions) {
    this.#options = options;
  }

  onSent(connection: SimulatedConnection, way: Way, message: Uint8Array): void {
    const codec = connection.subprotocol === "hawser.v1" ? protobufCodec : jsonCodec;
    if (way === "up") for (const frame of codec.decodeClient(message)) this.#sentUp(connection, frame);
    else for (const frame of codec.decodeServer(message)) this.#sentDown(connection, frame);
  }

  onArrived(connection: SimulatedConnection, way: Way, message: Uint8Array): void {
    if (way === "down") return;
    const codec = connection.subprotocol === "hawser.v1" ? protobufCodec : jsonCodec;
    for (const frame of codec.decodeClient(message)) {
      if (frame.type === "attach-socket") {
        const record = this.#byToken.get(tokenOf(frame.token));
        if (record === undefined) continue;
        record.confirmed = Math.max(record.confirmed, frame.received);
        if (record.home !== connection.node && !this.#options.reachesHome) record.strayed = true;
      } else if (frame.type === "socket-window" || frame.type === "socket-data" || frame.type === "socket-close") {
        const record = this.#of(connection, frame.number)?.record;
        // What was under way on a connection that the socket has left, or that its node has ended, tells its home nothing.
        const isThere = record !== undefined && this.#places.get(record)?.connection === connection;
        if (isThere && !this.#left.has(connection)) this.#cameHome(record, "received" in frame ? frame.received : 0);
      }
    }
  }

  #cameHome(record: SocketRecord, received: number): void {
    record.confirmed = Math.max(record.confirmed, received);
    record.heardOfAt = this.#options.now();
  }

  #sentUp(connection: SimulatedConnection, frame: ClientFrame): void {
    switch (frame.type) {
      case "open-socket":
        this.#asked(connection).set(frame.id, frame);
        return;
      case "attach-socket":
      case "socket-window": {
        const watched = this.#of(connection, frame.number);
        if (frame.type === "attach-socket") this.#asked(connection).set(frame.id, frame);
        if (watched !== undefined) this.#creditDown(watched, frame.credit);
        return;
      }
      case "socket-close": {
        const watched = this.#of(connection, frame.number);
        if (watched === undefined) return;
        watched.ended = true;
        // No application can ask for that code.
        if (frame.code === goingAway) watched.record.givenUp = true;
        return;
      }
      case "socket-data": {
        const watched = this.#of(connection, frame.number);
        if (watched === undefined)
          return this.#options.report(`${connection.client.name} says something on ${frame.number}, which is not open`);
        if (!watched.record.up.has(frame.from, frame.last, frame.data)) this.#foreign(watched, "up", frame);
        if (frame.from + pieceCost(frame) > watched.upCredit) this.#beyond(watched, "up", frame, watched.upCredit);
        return;
      }
      default:
    }
  }

  #sentDown(connection: SimulatedConnection, frame: ServerFrame): void {
    switch (frame.type) {
      case "socket-opened": {
        const opening = this.#asked(connection).get(frame.id);
        const record = this.#options.ledger.record(Number(frame.extensions));
        if (opening === undefined || record === undefined) return;
        const known = this.#watched.get(connection.client) ?? new Map<number, Watched>();
        this.#watched.set(connection.client, known);
        const watched = { record, upCredit: 0, downCredit: 0, ended: false };
        known.set(opening.number, watched);
        this.#byToken.set(tokenOf(frame.token), record);
        this.#places.set(record, { connection, generation: 1 });
        this.#creditUp(watched, frame.credit);
        this.#creditDown(watched, opening.credit);
        return;
      }
      case "socket-attached": {
        const asked = this.#asked(connection).get(frame.id);
        const watched = asked && this.#of(connection, asked.number);
        if (watched === undefined) return;
        this.#attached(watched.record, connection, asked!);
        this.#creditUp(watched, frame.credit);
        return;
      }
      case "error":
        // Behind one that answers nothing the node reads no more of the connection.
        if (frame.id === 0) this.#left.add(connection);
        return;
      case "socket-window": {
        const watched = this.#of(connection, frame.number);
        if (watched !== undefined) this.#creditUp(watched, frame.credit);
        return;
      }
      case "detach-socket": {
        const watched = this.#of(connection, frame.number);
        if (watched !== undefined && !frame.retry) watched.ended = true;
        return;
      }
      case "socket-data": {
        const watched = this.#of(connection, frame.number);
        if (watched === undefined)
          return this.#options.report(
            `${connection.client.name} is sent something on ${frame.number}, which is not open`,
          );
        // Who relays it hears of it later.
        const { record } = watched;
        if (record.home === connection.node && !this.#options.mayBeSent(record, connection.node))
          this.#options.report(`${record.name}: ${connection.client.name} is sent something that it may not open`);
        if (!watched.record.down.has(frame.from, frame.last, frame.data)) this.#foreign(watched, "down", frame);
        if (frame.from + pieceCost(frame) > watched.downCredit)
          this.#beyond(watched, "down", frame, watched.downCredit);
        return;
      }
      default:
    }
  }

  /** The home has taken the attach, as it answers. */
  #attached(record: SocketRecord, connection: SimulatedConnection, { generation = 1, received = 0 }: Asked): void {
    if (generation <= (this.#places.get(record)?.generation ?? 0)) return;
    this.#places.set(record, { connection, generation });
    this.#cameHome(record, received);
  }

  #asked(connection: SimulatedConnection): Map<number, Asked> {
    const known = this.#requests.get(connection) ?? new Map<number, Asked>();
    this.#requests.set(connection, known);
    return known;
  }

  #of(connection: SimulatedConnection, number: number): Watched | undefined {
    return this.#watched.get(connection.client)?.get(number);
  }

  #creditUp(watched: Watched, credit: number): void {
    watched.upCredit = Math.max(watched.upCredit, credit);
    const { windowBytes, reportBounds } = this.#options;
    const { taken, name, upstreamEnd, homeAsked } = watched.record;
    // What comes for an upstream that is gone is taken by nobody.
    if (upstreamEnd !== undefined || homeAsked !== undefined) return;
    if (credit > taken + windowBytes + slackBytes)
      reportBounds(`${name}: its home gives credit to ${credit}, of which the upstream has taken ${taken}`);
  }

  #creditDown(watched: Watched, credit: number): void {
    watched.downCredit = Math.max(watched.downCredit, credit);
    const { windowBytes, largestBytes, reportBounds } = this.#options;
    const { down, name, clientAsked, clientEnd, strayed } = watched.record;
    if (watched.ended || clientAsked !== undefined || clientEnd !== undefined || strayed) return;
    const heard = down.end - down.missingCost;
    if (credit > heard + windowBytes + largestBytes + slackBytes)
      reportBounds(`${name}: its client gives credit to ${credit}, and was given ${heard}`);
  }

  #foreign({ record }: Watched, way: Way, { from, data, last }: SocketDataFrame): void {
    this.#options.report(
      `${record.name}: nobody said the ${data.length} bytes at ${from}, ${way}${last ? " (last)" : ""}`,
    );
  }

  #beyond({ record }: Watched, way: Way, { from, data }: SocketDataFrame, credit: number): void {
    this.#options.reportBounds(
      `${record.name}: ${data.length} bytes at ${from} go ${way} beyond the credit of ${credit}`,
    );
  }
}

function tokenOf(token: Uint8Array): string {
  return Buffer.from(token).toString("hex");
}
