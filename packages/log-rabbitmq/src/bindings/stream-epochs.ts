import type { Follower, Head, Log, LogOpenOptions } from "@hawser/log";
import { Condition } from "@hawser/log/broker";
import { encodeText, nextEpoch, strictTextOf } from "@hawser/protocol";
import { unavailable } from "../paced-connection.ts";

/** What the nodes agreed on of a stream: in this epoch it has that message at that place. */
export interface StreamMark {
  readonly epoch: number;
  /** The epoch that it follows; 0 for the first one. */
  readonly above: number;
  /** Of a message of the stream; 0 when it had none. */
  readonly offset: number;
  readonly id: string;
}

const page = { maxCount: 1_000, maxBytes: 1 << 20 } as const;
/** After which a mark that was written and is not seen is given up. */
const timeoutMs = 10_000;

/**
 * The epochs of a stream that others write. Over AMQP 0-9-1 nothing tells one stream from another that was made in its place: so
 * nodes write into a channel of their own log what they saw of it, and who sees something else at that place begins an epoch.
 * Of several that follow the same one the first in that channel counts, so that all nodes say the same.
 */
export class StreamEpochs {
  readonly #log: Log;
  readonly #control: string;
  readonly #ports: LogOpenOptions;
  /** Of how far the control channel was read. */
  readonly #reading: Condition;
  #mark: StreamMark | undefined;
  #through = 0;
  #follower: Promise<Follower> | undefined;

  constructor(log: Log, control: string, ports: LogOpenOptions) {
    this.#log = log;
    this.#control = control;
    this.#ports = ports;
    this.#reading = new Condition(ports.timers);
  }

  /** What is agreed on now; `undefined` before the first, and before {@link StreamEpochs.open}. */
  get mark(): StreamMark | undefined {
    return this.#mark;
  }

  /** Reads what was agreed on, and follows it from then on. */
  async open(): Promise<void> {
    this.#follower ??= this.#open();
    try {
      await this.#follower;
    } catch (error) {
      this.#follower = undefined;
      throw error;
    }
  }

  /** Writes that the stream has that message, in its epoch or in one above it. Resolves when all that was written before is known. */
  async write(offset: number, id: string, isNew: boolean): Promise<void> {
    const above = this.#mark?.epoch ?? 0;
    const { clock, random } = this.#ports;
    const epoch = isNew || above === 0 ? nextEpoch(clock.now(), random, above) : above;
    const mark: StreamMark = { epoch, above: epoch === above ? (this.#mark?.above ?? 0) : above, offset, id };
    const payload = { kind: "json", data: encodeText(JSON.stringify(mark)) } as const;
    const append = { channel: this.#control, producer: "", sequence: 0, previous: 0, payload, key: "", publisher: "" };
    const [outcome] = await this.#log.append([append]);
    if (outcome?.kind !== "accepted") throw unavailable(`what is known of ${this.#control} was not written`);
    await this.#reached(outcome.offset);
  }

  async close(): Promise<void> {
    const follower = await this.#follower?.catch(() => undefined);
    follower?.close();
    this.#reading.changed();
  }

  async #open(): Promise<Follower> {
    const follower = await this.#log.follow(this.#control, {
      onEntries: (entries, { to }) => {
        for (const { payload } of entries) this.#take(payload?.data);
        this.#through = Math.max(this.#through, to);
        this.#reading.changed();
      },
      onFloor: () => {},
      // The log is another one, or went back: what is known here is written again when there is something new.
      onEpoch: (head) => this.#moved(head),
    });
    let after = 0;
    for (let more = true; more;) {
      const found = await this.#log.read(this.#control, after, page);
      for (const { payload } of found.entries) this.#take(payload?.data);
      ({ more } = found);
      after = found.interval.to;
    }
    this.#through = Math.max(this.#through, after);
    return follower;
  }

  #moved({ end }: Head): void {
    this.#through = end;
    this.#reading.changed();
  }

  #take(data: Uint8Array | undefined): void {
    const text = data === undefined ? undefined : strictTextOf(data);
    if (text === undefined) return;
    // Nobody but nodes writes there.
    const mark = JSON.parse(text) as StreamMark;
    const known = this.#mark;
    const isNext = known === undefined || (mark.above === known.epoch && mark.epoch > known.epoch);
    if (isNext || (mark.epoch === known.epoch && mark.offset >= known.offset)) this.#mark = mark;
  }

  async #reached(offset: number): Promise<void> {
    const isReached = await this.#reading.until(() => this.#through >= offset, timeoutMs);
    if (!isReached) throw unavailable(`what was written to ${this.#control} was not seen`);
  }
}
