import type { Broker, BrokerSource } from "../prefix/broker.ts";
import type { FakeBroker } from "./fake-broker.ts";

/** One node's connections to fake brokers. */
export interface FakeSource extends BrokerSource {
  /** While it is set, no fetch is answered. */
  deaf: boolean;
  /** Nothing of it arrives any more, in either direction, as when the node has died. */
  disconnect(): void;
}

/** A broker whose partitions are `brokers`. It takes payloads of up to a mebibyte. */
export function fakeSource(...brokers: readonly FakeBroker[]): FakeSource {
  let connected = true;
  const source: FakeSource = {
    name: "broker",
    durabilities: ["commit"],
    maxPayloadBytes: 1_048_576,
    deaf: false,
    open: async () => brokers.map((broker) => whileConnected(broker.connect(() => source.deaf))),
    close: async () => {
      connected = false;
    },
    disconnect: () => {
      connected = false;
    },
  };
  const whileConnected = (broker: Broker): Broker => ({
    produce: (records) => through(() => broker.produce(records)),
    fetch: (offset, maxCount, waitMs) => through(() => broker.fetch(offset, maxCount, waitMs)),
  });
  /** What is asked, or answered, after the connection was cut comes never. */
  const through = <Answer>(ask: () => Promise<Answer>): Promise<Answer> =>
    new Promise((resolve, reject) => {
      if (!connected) return;
      ask().then(
        (answer) => connected && resolve(answer),
        (error: unknown) => connected && reject(error as Error),
      );
    });
  return source;
}
