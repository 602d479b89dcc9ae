import { brokerLog } from "@hawser/log/broker";
import { FakeBroker, fakeSource } from "@hawser/log/fake-broker";
import type { FaultRates } from "@hawser/log/fake-broker";
import type { Log } from "@hawser/log";
import type { Ports } from "@hawser/protocol";
import type { Process } from "../time/process.ts";
import type { DurableStore } from "./durable-store.ts";

/** Entries of one page when the whole log is read at the end. */
const pageSize = 500;

/** A broker in the place of the store: what counts in its log is what those who read it make of it. */
export class BrokerStore {
  readonly #broker: FakeBroker;

  constructor(ports: Ports, rates: Partial<FaultRates>) {
    this.#broker = new FakeBroker({ ...ports, rates });
  }

  /** One node's log over the broker. */
  log(): Log {
    return brokerLog({ source: fakeSource(this.#broker), appendTimeoutMs: 4_000, readTimeoutMs: 4_000 });
  }

  /** Nobody reaches it for a while. */
  goAway(durationMs: number): void {
    this.#broker.goAway(durationMs);
  }

  /** Nothing goes wrong any more. */
  heal(): void {
    for (const name of Object.keys(this.#broker.rates) as (keyof FaultRates)[]) this.#broker.rates[name] = 0;
  }

  /**
   * Reads the whole log as a node does that has never seen it, and puts what it finds into the store, for the checkers.
   *
   * @param process - of the reader.
   */
  async readAll(process: Process, channels: readonly string[], store: DurableStore): Promise<void> {
    const log = this.log();
    await log.open({ ...process.ports, policyOf: (channel) => store.policyOf(channel) });
    for (const name of channels) {
      const head = await log.head(name);
      const channel = store.adopt(name, head);
      let after = head.floor;
      for (let more = true; more;) {
        const page = await log.read(name, after, { maxCount: pageSize, maxBytes: Number.MAX_SAFE_INTEGER });
        channel.adopt(page.entries);
        after = page.interval.to;
        more = page.more;
      }
    }
    await log.close();
  }
}
