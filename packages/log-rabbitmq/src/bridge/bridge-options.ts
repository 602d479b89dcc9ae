import type { Entry, Log } from "@hawser/log";
import type { Clock, Random, Timers } from "@hawser/protocol";
import type { ConsumeMessage } from "amqplib";
import type { RabbitmqConnectionOptions } from "../connection-options.ts";

/** What is published in channels goes to an exchange. */
export interface OutgoingRule {
  /** The channels, as in policies: `jobs.{kind}`. */
  readonly pattern: string;
  /** An exchange that is there; "" is the default one, whose routing keys are names of queues. */
  readonly exchange: string;
  /** Default: the channel's name, which a topic exchange parts as Hawser does. */
  readonly routingKey?: (channel: string, entry: Entry) => string;
}

/** What a queue holds is published in channels. */
export interface IncomingRule {
  /** A queue that is there, of whatever type; a quorum queue keeps what it has with a majority of its nodes. */
  readonly queue: string;
  /** The channel of a message; `undefined` for one that is of no use here, which is taken off the queue. */
  readonly channel: (message: ConsumeMessage) => string | undefined;
  /** Messages of the queue that are under way at most. Default 100. */
  readonly prefetch?: number;
}

/** Options of `rabbitmqBridge`. */
export interface RabbitmqBridgeOptions extends RabbitmqConnectionOptions {
  /** The bridge's own log, not opened, over the same streams as the nodes': whichever log it is, channels are read from it. */
  readonly log: Log;
  /** Of this bridge: two of one name take turns, and go on where the other one stood. At most 100 characters. */
  readonly name: string;
  readonly outgoing?: readonly OutgoingRule[];
  readonly incoming?: readonly IncomingRule[];
  /** Where it stands is written after as many messages of a channel, and when nothing is left. Default 100. */
  readonly cursorEvery?: number;
  /** Default: those of the platform. */
  readonly ports?: { readonly clock: Clock; readonly timers: Timers; readonly random: Random };
  /** Told what went wrong and is tried again. Default: nobody. */
  readonly onError?: (error: unknown) => void;
}

/** A bridge that runs. */
export interface RabbitmqBridge {
  /** Ends it: what is under way is finished, the log is closed. */
  close(): Promise<void>;
}
