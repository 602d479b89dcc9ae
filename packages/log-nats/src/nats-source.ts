import { SettingsWatch } from "@hawser/log/broker";
import type { Broker, BrokerPorts, BrokerSource } from "@hawser/log/broker";
import type { Durability } from "@hawser/log";
import { Connection } from "./connection/nats-connection.ts";
import type { NatsOptions, NatsSettings } from "./nats-options.ts";
import { natsSettings } from "./nats-settings.ts";
import { Partition } from "./partition.ts";
import { holdFlush, holdServer } from "./stream/hold-server.ts";
import { ensureStream, holdStreams, openStreams } from "./stream/open-streams.ts";

/**
 * NATS JetStream as what `brokerLog` stands on. Throws `option-invalid`.
 *
 * @see https://docs.nats.io/nats-concepts/jetstream
 */
export function natsSource(options: NatsOptions): BrokerSource {
  return new NatsSource(natsSettings(options));
}

class NatsSource implements BrokerSource {
  readonly name = "nats";
  readonly durabilities: readonly Durability[];
  readonly maxPayloadBytes: number;
  readonly #settings: NatsSettings;
  #connection: Connection | undefined;
  #watch: SettingsWatch | undefined;
  #partitions: readonly Partition[] = [];

  constructor(settings: NatsSettings) {
    this.#settings = settings;
    this.maxPayloadBytes = settings.maxPayloadBytes;
    this.durabilities = durabilitiesOf(settings);
  }

  async open(ports: BrokerPorts): Promise<readonly Broker[]> {
    const settings = this.#settings;
    const connection = await Connection.open(settings, ports);
    this.#connection = connection;
    const { manager } = connection;
    try {
      await holdServer(connection.nats.info, settings);
      const partitions = await openStreams(manager, settings);
      const watch = this.#watchSettings(connection, partitions, ports);
      this.#partitions = Array.from({ length: partitions }, (_, partition) => {
        const ensure = () => ensureStream(manager, settings, partition, partitions);
        return new Partition({ connection, ports, settings, partition, ensure, watch });
      });
      return this.#partitions;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#watch?.close();
    for (const partition of this.#partitions) partition.close();
    this.#partitions = [];
    await this.#connection?.close();
    this.#connection = undefined;
  }

  #watchSettings(connection: Connection, partitions: number, ports: BrokerPorts): SettingsWatch {
    const settings = this.#settings;
    this.#watch = new SettingsWatch({
      ports,
      intervalMs: settings.settingsIntervalMs,
      look: async () => {
        await connection.ask("NATS", () => holdStreams(connection.manager, settings, partitions));
        await holdFlush(settings);
      },
      warn: (text) => process.emitWarning(`the log in NATS ${text}`),
    });
    return this.#watch;
  }
}

function durabilitiesOf({ storage, flush }: NatsSettings): readonly Durability[] {
  if (storage === "memory") return ["memory"];
  return flush === undefined ? ["memory", "commit"] : ["memory", "commit", "flush"];
}
