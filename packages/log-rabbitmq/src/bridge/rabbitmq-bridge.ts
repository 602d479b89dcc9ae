import type { LogPolicy } from "@hawser/log";
import { Backoff } from "@hawser/log/broker";
import { assert, compilePattern, HawserError, systemPorts } from "@hawser/protocol";
import type { ChannelModel, ConfirmChannel } from "amqplib";
import { connectionSettings } from "../connection-options.ts";
import { PacedConnection } from "../paced-connection.ts";
import type { OutgoingRule, RabbitmqBridge, RabbitmqBridgeOptions } from "./bridge-options.ts";
import { Cursors } from "./cursors.ts";
import { consumeQueue } from "./incoming.ts";
import { OutgoingChannel } from "./outgoing.ts";

/** What a bridge's own view of the log keeps; the nodes' policies say what the channels keep. */
const policy: LogPolicy = {
  durability: "commit",
  retainCount: 100_000,
  retainBytes: Infinity,
  retainAgeMs: Infinity,
  deduplicateMs: 86_400_000,
};

/**
 * Carries messages between channels and classic exchanges and queues, for back ends that work with those: from channels to an
 * exchange, each at least once and in the channel's order, and from queues into channels. It is a process beside the nodes;
 * of several with one name, one is active. How far it is, it keeps in the channel `$bridge.NAME`.
 *
 * @throws HawserError `option-invalid`, `log-unavailable`
 *
 * @example
 * ```ts
 * const bridge = await rabbitmqBridge({
 *   url: "amqp://rabbit",
 *   log: rabbitmqLog({ url: "amqp://rabbit" }),
 *   name: "jobs",
 *   outgoing: [{ pattern: "jobs.{kind}", exchange: "jobs" }],
 *   incoming: [{ queue: "results", channel: (message) => message.properties.headers?.["reply-channel"] }],
 * });
 * ```
 */
export async function rabbitmqBridge(options: RabbitmqBridgeOptions): Promise<RabbitmqBridge> {
  const bridge = new Bridge(options);
  await bridge.open();
  return bridge;
}

class Bridge implements RabbitmqBridge {
  readonly #options: RabbitmqBridgeOptions;
  readonly #connection: PacedConnection;
  readonly #backoff: Backoff;
  readonly #cursors: Cursors;
  readonly #rules: readonly { readonly matches: (channel: string) => boolean; readonly rule: OutgoingRule }[];
  readonly #control: string;
  readonly #ports: NonNullable<RabbitmqBridgeOptions["ports"]>;
  /** All that the log has met, and their rule. */
  readonly #found = new Map<string, OutgoingRule>();
  readonly #outgoing = new Map<string, OutgoingChannel>();
  #publishing: Promise<ConfirmChannel> | undefined;
  #isActive = false;
  #isClosed = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: RabbitmqBridgeOptions) {
    this.#options = options;
    this.#ports = options.ports ?? systemPorts();
    const settings = connectionSettings(options);
    this.#control = `$bridge.${options.name}`;
    if (!/^[\w-]{1,100}$/.test(options.name)) {
      throw new HawserError("option-invalid", "a bridge's `name` has letters, digits, _ and -");
    }
    this.#connection = new PacedConnection(settings, this.#ports, `bridge ${options.name}`);
    this.#backoff = new Backoff(settings, this.#ports);
    this.#cursors = new Cursors(options.log, this.#control);
    this.#rules = (options.outgoing ?? []).map((rule) => ({ matches: compilePattern(rule.pattern), rule }));
  }

  async open(): Promise<void> {
    const { log } = this.#options;
    await log.open({ ...this.#ports, policyOf: (channel) => this.#meet(channel) });
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#connection.close();
    await this.#running;
    await this.#options.log.close();
  }

  /** The log asks once for each channel that it meets: that is how new ones are found. */
  #meet(channel: string): LogPolicy {
    const rule = this.#rules.find(({ matches }) => matches(channel))?.rule;
    if (rule !== undefined && channel !== this.#control) {
      this.#found.set(channel, rule);
      if (this.#isActive) this.#ports.timers.soon(() => this.#carry(channel));
    }
    return policy;
  }

  /** Again and again: waits for its turn, works until the connection is lost. */
  async #run(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#backoff.pause();
        await this.#work();
      } catch (error) {
        this.#backoff.failed();
        if (!this.#isClosed) this.#options.onError?.(error);
      }
      this.#isActive = false;
      this.#publishing = undefined;
      const outgoing = [...this.#outgoing.values()];
      this.#outgoing.clear();
      await Promise.all(outgoing.map((channel) => channel.close()));
    }
  }

  async #work(): Promise<void> {
    const model = await this.#connection.model();
    const lost = new Promise<void>((resolve) => void model.once("close", () => resolve()));
    const channel = await model.createChannel();
    const ended = new Promise<void>((resolve) => void channel.once("close", () => resolve()));
    channel.on("error", () => {});
    // An exclusive queue is one connection's: whoever has it works, and it is gone with the connection.
    await channel.assertQueue(this.#control, { exclusive: true, durable: false });
    await this.#cursors.load();
    this.#publishing = confirmChannel(model);
    this.#isActive = true;
    this.#backoff.succeeded();
    for (const name of this.#found.keys()) this.#carry(name);
    for (const rule of this.#options.incoming ?? []) {
      await consumeQueue(channel, this.#options.log, rule, (error) => this.#options.onError?.(error));
    }
    await Promise.race([lost, ended]);
    if (!this.#isClosed) throw new HawserError("log-unavailable", "the bridge's connection was lost", { retry: true });
  }

  #carry(channel: string): void {
    const rule = this.#found.get(channel);
    if (!this.#isActive || rule === undefined || this.#outgoing.has(channel)) return;
    const outgoing = new OutgoingChannel(channel, {
      log: this.#options.log,
      cursors: this.#cursors,
      cursorEvery: this.#options.cursorEvery ?? 100,
      publishing: () => {
        assert(this.#publishing !== undefined, "only an active bridge carries");
        return this.#publishing;
      },
      destination: (entry) => ({
        exchange: rule.exchange,
        routingKey: rule.routingKey?.(channel, entry) ?? channel,
      }),
      onError: (error) => this.#options.onError?.(error),
      pause: () => {
        this.#backoff.failed();
        return this.#backoff.pause();
      },
    });
    this.#outgoing.set(channel, outgoing);
    void outgoing.start();
  }
}

async function confirmChannel(model: ChannelModel): Promise<ConfirmChannel> {
  const channel = await model.createConfirmChannel();
  channel.on("error", () => {});
  // An exchange that is not there ends the channel, and with it the connection: everything begins anew, with a pause.
  channel.on("close", () => void model.close().catch(() => {}));
  return channel;
}
