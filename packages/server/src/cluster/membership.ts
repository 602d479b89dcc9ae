import type { NodeWord } from "./cluster-record.ts";

/** A node of the cluster, as another one knows it. */
export interface OtherNode extends NodeWord {
  readonly instance: string;
}

/** What became of another node. */
export type MembershipChange = "joined" | "changed" | "left" | "died";

interface Known {
  word: NodeWord;
  beat: number;
  /** Own beats that the log has taken since. */
  missed: number;
}

export interface MembershipOptions {
  /** Own beats that may pass without one of another node: that one is dead with the next. */
  readonly patience: number;
  /** Other nodes that are known at most; further ones are not seen. */
  readonly maxNodes: number;
  readonly onChange: (change: MembershipChange, node: OtherNode) => void;
}

/**
 * Which other nodes there are, as the log's order tells. A node's silence is counted in beats of the observer's own that the log
 * brought back meanwhile, each sent a whole interval after the one before: no clocks are compared, and a log or a process that
 * stood still makes nobody look dead.
 */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** The nodes that live, in the order in which they were met. */
  *nodes(): IterableIterator<OtherNode> {
    for (const [instance, { word }] of this.#known) yield { ...word, instance };
  }

  /** A node lives. One that was held up may come behind later ones: the highest number is the last word. */
  beat(instance: string, beat: number, word: NodeWord): void {
    const known = this.#known.get(instance);
    if (known === undefined) {
      if (this.#known.size >= this.#options.maxNodes) return;
      this.#known.set(instance, { word, beat, missed: 0 });
      this.#options.onChange("joined", { ...word, instance });
      return;
    }
    known.missed = 0;
    if (beat <= known.beat) return;
    known.beat = beat;
    known.word = word;
    this.#options.onChange("changed", { ...word, instance });
  }

  /** A node says that it goes. */
  leave(instance: string): void {
    this.#end(instance, "left");
  }

  /** The log brought an own beat back: who was silent for longer than patience lasts is dead. */
  count(): void {
    for (const [instance, known] of this.#known) {
      known.missed += 1;
      // Between the first that was missed and this one lies the whole time.
      if (known.missed > this.#options.patience) this.#end(instance, "died");
    }
  }

  #end(instance: string, change: "left" | "died"): void {
    const known = this.#known.get(instance);
    if (known === undefined) return;
    this.#known.delete(instance);
    this.#options.onChange(change, { ...known.word, instance });
  }
}
