import type { Ports } from "@hawser/protocol";
import { Backoff } from "../session/backoff.ts";
import type { BackoffOptions } from "../session/backoff.ts";
import { OutboxChannel } from "./outbox-channel.ts";
import type { OutboxChannelOptions } from "./outbox-channel.ts";

/** What the channels of an outbox are made with. */
export interface ChannelTableOptions extends Pick<OutboxChannelOptions, "onFailure" | "onReady"> {
  readonly ports: Ports;
  readonly backoff: BackoffOptions;
  /** For which of the session's connections a channel is. */
  readonly laneOf: (channel: string) => string;
}

/** How many channels' numberings are remembered while nothing of theirs is under way. */
const maxIdleChannels = 1_000;
const producerBytes = 16;

/** The channels of an outbox: those with something under way, and those whose numbering is still remembered. */
export class ChannelTable implements Iterable<OutboxChannel> {
  readonly #options: ChannelTableOptions;
  /** In the order of last use, so that the first that is idle is the one to forget. */
  readonly #channels = new Map<string, OutboxChannel>();
  #producer: Uint8Array;

  constructor(options: ChannelTableOptions) {
    this.#options = options;
    this.#producer = this.#newProducer();
  }

  get(name: string): OutboxChannel | undefined {
    return this.#channels.get(name);
  }

  /** The channel, made if need be, as the one that was used last. */
  use(name: string): OutboxChannel {
    const channel = this.get(name) ?? this.#newChannel(name);
    this.#channels.delete(name);
    this.#channels.set(name, channel);
    return channel;
  }

  [Symbol.iterator](): Iterator<OutboxChannel> {
    return this.#channels.values();
  }

  #newChannel(name: string): OutboxChannel {
    if (this.#channels.size >= maxIdleChannels) this.#forgetIdle();
    const { ports, backoff, laneOf, onFailure, onReady } = this.#options;
    return new OutboxChannel({
      name,
      lane: laneOf(name),
      producer: this.#producer,
      newProducer: () => this.#newProducer(),
      timers: ports.timers,
      backoff: new Backoff(backoff, ports.random),
      onFailure,
      onReady,
    });
  }

  /** A channel that is forgotten and used again numbers from 1, so channels that are new from now on have a new producer. */
  #forgetIdle(): void {
    for (const [name, channel] of this.#channels) {
      if (!channel.isIdle) continue;
      this.#channels.delete(name);
      this.#producer = this.#newProducer();
      return;
    }
  }

  #newProducer(): Uint8Array {
    return this.#options.ports.random.bytes(producerBytes);
  }
}
