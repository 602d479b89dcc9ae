import { messageCost } from "@hawser/protocol";
import type { BatchFrame, Position } from "@hawser/protocol";
import type { SimulatedConnection } from "../network/simulated-connection.ts";
import type { Process } from "../time/process.ts";
import type { Report } from "./violation.ts";
import type { FrameListener, WireGrant } from "./wire-follower.ts";

export interface UnreadCheckOptions {
  readonly windowBytes: number;
  /** What may be above the window: a message for each grant. */
  readonly slackBytes: number;
  readonly report: Report;
}

/** What one subscription was sent and has not read, as far as that is certain. */
interface Waiting {
  readonly epoch: number;
  /** It has, read or not, everything at or below. */
  through: number;
  readonly costs: Map<number, number>;
  sum: number;
}

/** Memory is bounded at the client's end: what waits there to be read is no more than the window, over all connections. */
export class UnreadCheck implements FrameListener {
  readonly #options: UnreadCheckOptions;
  readonly #byProcess = new WeakMap<Process, Map<string, Waiting>>();
  /** By connection, how many batches came again. */
  readonly #repeats = new WeakMap<Process, Map<number, number>>();

  constructor(options: UnreadCheckOptions) {
    this.#options = options;
  }

  /** The application has read a message, or was told that all below is lost: from here on is counted what joins on. */
  onRead(process: Process, channel: string, { epoch, offset }: Position): void {
    const channels = this.#byProcess.get(process) ?? new Map<string, Waiting>();
    this.#byProcess.set(process, channels);
    const waiting = channels.get(channel);
    if (waiting?.epoch !== epoch) {
      channels.set(channel, { epoch, through: offset, costs: new Map(), sum: 0 });
      return;
    }
    waiting.through = Math.max(waiting.through, offset);
    for (const [at, cost] of waiting.costs) {
      if (at > offset) break;
      waiting.costs.delete(at);
      waiting.sum -= cost;
    }
  }

  /** The application reads no more. */
  onEnded(process: Process, channel: string): void {
    this.#byProcess.get(process)?.delete(channel);
  }

  onBatchArrived(connection: SimulatedConnection, frame: BatchFrame, { channel }: WireGrant): void {
    this.#noteRepeats(connection);
    const waiting = this.#byProcess.get(connection.client)?.get(channel);
    if (waiting === undefined || waiting.epoch !== frame.epoch) return;
    if (frame.from > waiting.through || frame.to <= waiting.through) return;
    for (const { offset, payload } of frame.messages) {
      if (offset <= waiting.through) continue;
      const cost = messageCost(payload);
      waiting.costs.set(offset, cost);
      waiting.sum += cost;
    }
    waiting.through = frame.to;
    const { windowBytes, slackBytes, report } = this.#options;
    // What comes again counts as sent twice (SUB-10), as no transport repeats a batch: a window more for each.
    if (waiting.sum > windowBytes * (1 + this.#repeatsOf(connection.client)) + slackBytes)
      report(`${connection.client.name} has ${waiting.sum} unread of ${channel}, with a window of ${windowBytes}`);
  }

  /** Where it stands now is seen when it reads on. */
  onResetArrived(connection: SimulatedConnection, { channel }: WireGrant): void {
    this.onEnded(connection.client, channel);
  }

  #noteRepeats({ id, client, repeats }: SimulatedConnection): void {
    if (repeats === 0) return;
    const connections = this.#repeats.get(client) ?? new Map<number, number>();
    this.#repeats.set(client, connections.set(id, repeats));
  }

  #repeatsOf(client: Process): number {
    let sum = 0;
    for (const repeats of this.#repeats.get(client)?.values() ?? []) sum += repeats;
    return sum;
  }
}
