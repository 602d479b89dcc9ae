import type { LogOpenOptions } from "@hawser/log";
import { unavailable } from "../paced-connection.ts";
import type { StreamReader } from "../stream-reader.ts";
import type { BoundMessage } from "./bindings.ts";
import type { Bounds } from "./bound-pages.ts";
import type { StreamEpochs } from "./stream-epochs.ts";

/** What a {@link ProvenStream} is read with. */
export interface ProvenStreamOptions {
  readonly name: string;
  readonly reader: Pick<StreamReader<BoundMessage>, "fetch" | "close">;
  readonly epochs: Pick<StreamEpochs, "mark" | "open" | "write" | "close">;
  readonly ports: LogOpenOptions;
}

/** How old the proof may be that the stream is still the same. */
const proofMs = 1_000;
/** Messages after which what was seen last is written down. */
const markEvery = 1_000;
/** Beyond the end of every stream. */
const beyond = 2 ** 52;

/** A stream of others that is held, before it is read, against what the nodes agreed on: in which epoch it is. */
export class ProvenStream {
  readonly #options: ProvenStreamOptions;
  #provenAt = -Infinity;

  constructor(options: ProvenStreamOptions) {
    this.#options = options;
  }

  /** The epoch as the nodes have it; `undefined` before the first proof. */
  get epoch(): number | undefined {
    return this.#options.epochs.mark?.epoch;
  }

  /** What there is of it now, and in which epoch that is. */
  async bounds(): Promise<Bounds> {
    await this.#prove();
    const { reader, epochs } = this.#options;
    const { start, end } = await reader.fetch(beyond, 1, 0);
    return { epoch: epochs.mark!.epoch, floor: start - 1, end };
  }

  /** The messages of `(after, through]`, all of which the stream is known to have had. */
  async between(after: number, through: number): Promise<readonly BoundMessage[]> {
    const { reader, name } = this.#options;
    const found: BoundMessage[] = [];
    for (let at = after; at < through;) {
      const { records } = await reader.fetch(at + 1, through - at, 0);
      if (records[0]?.offset !== at + 1) throw unavailable(`the stream ${name} changed while it was read`);
      for (const message of records) if (message.offset <= through) found.push(message);
      at = records.at(-1)!.offset;
    }
    return found;
  }

  /** Writes down what was read last, where that is far above what is written. */
  async passed(offset: number, id: string): Promise<void> {
    const { epochs } = this.#options;
    if (offset - epochs.mark!.offset >= markEvery) await epochs.write(offset, id, false);
  }

  /** It is not what it was in that epoch: begins another one, unless another node did already. */
  async changed(epoch: number): Promise<void> {
    this.#provenAt = -Infinity;
    await this.#renew(epoch);
  }

  /** Looks whether the stream still has what the nodes agreed on. */
  async #prove(): Promise<void> {
    const { reader, epochs, ports } = this.#options;
    await epochs.open();
    if (ports.clock.monotonic() - this.#provenAt < proofMs) return;
    const { mark } = epochs;
    if (mark === undefined) {
      await this.#renew(0);
    } else if (mark.offset > 0) {
      const { records, start, end } = await reader.fetch(mark.offset, 1, 0);
      const there = records[0]?.offset === mark.offset ? records[0] : undefined;
      // What was trimmed says nothing.
      if (end < mark.offset || (start <= mark.offset && there?.id !== mark.id)) await this.#renew(mark.epoch);
    }
    this.#provenAt = ports.clock.monotonic();
  }

  async #renew(above: number): Promise<void> {
    const { reader, epochs } = this.#options;
    if ((epochs.mark?.epoch ?? 0) !== above) return;
    const { start, end } = await reader.fetch(beyond, 1, 0);
    const [last] = end >= start ? await this.between(end - 1, end) : [];
    await epochs.write(last?.offset ?? 0, last?.id ?? "", true);
  }
}
