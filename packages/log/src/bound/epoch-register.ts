import { encodeText, nextEpoch, strictTextOf } from "@hawser/protocol";
import type { Clock, Random } from "@hawser/protocol";
import { unavailable } from "../broker-log/block-reader.ts";
import type { Log, LogPolicy } from "../log.ts";

/** What a node says: from here on the topic is this one. */
interface Claim {
  readonly identity: string;
  readonly epoch: number;
  /** The epoch that it follows, 0 for none; in any other case somebody else was first, and it does not count. */
  readonly above: number;
}

/** Of the channels in which claims are kept. */
export const registerPolicy: LogPolicy = {
  durability: "memory",
  retainCount: 64,
  retainBytes: 65_536,
  retainAgeMs: Infinity,
  deduplicateMs: 0,
};

const prefix = "$topics.";
/** How often somebody else may be first. */
const maxTries = 8;

/** Whether it is one of the channels in which claims are kept. */
export function isRegister(channel: string): boolean {
  return channel.startsWith(prefix);
}

/**
 * The epochs of a bound topic. Brokers tell topics apart, but do not order them in time, and nothing is written into a topic of
 * others: all nodes agree by the order of a channel of Hawser's own log.
 */
export class EpochRegister {
  readonly #log: Log;
  readonly #channel: string;
  readonly #ports: { readonly clock: Clock; readonly random: Random };

  constructor(log: Log, name: string, ports: { readonly clock: Clock; readonly random: Random }) {
    this.#log = log;
    this.#channel = prefix + name;
    this.#ports = ports;
  }

  /**
   * The epoch of the topic with this identity.
   *
   * @param above an epoch that is over: the topic went back, although it is the same one.
   * @throws HawserError `log-unavailable`
   */
  async epochOf(identity: string, above = 0): Promise<number> {
    const { clock, random } = this.#ports;
    for (let tries = 0; tries < maxTries; tries += 1) {
      const current = await this.#current();
      if (current?.identity === identity && current.epoch > above) return current.epoch;
      const last = current?.epoch ?? 0;
      await this.#write({ identity, epoch: nextEpoch(clock.now(), random, Math.max(last, above)), above: last });
    }
    throw unavailable(`the nodes do not agree on what ${this.#channel} is`);
  }

  async #current(): Promise<Claim | undefined> {
    const { entries } = await this.#log.readBackward(this.#channel, Number.MAX_SAFE_INTEGER, {
      maxCount: registerPolicy.retainCount,
      maxBytes: registerPolicy.retainBytes,
    });
    let current: Claim | undefined;
    for (const { payload } of entries) {
      if (payload === undefined) continue;
      const claim = JSON.parse(strictTextOf(payload.data) ?? "") as Claim;
      if (current === undefined || claim.above === current.epoch) current = claim;
    }
    return current;
  }

  async #write(claim: Claim): Promise<void> {
    const payload = { kind: "json", data: encodeText(JSON.stringify(claim)) } as const;
    const append = { channel: this.#channel, producer: "", sequence: 0, previous: 0, payload, key: "", publisher: "" };
    const [outcome] = await this.#log.append([append]);
    if (outcome?.kind === "failed") throw unavailable(outcome.message);
  }
}
