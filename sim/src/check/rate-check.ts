import type { BatchFrame } from "@hawser/protocol";
import type { SimulatedConnection } from "../network/simulated-connection.ts";
import type { Report } from "./violation.ts";
import type { FrameListener, WireGrant } from "./wire-follower.ts";

export interface RateCheckOptions {
  /** What the policy of a channel allows a second; 0: everything. */
  readonly rateOf: (channel: string) => number;
  readonly report: Report;
}

interface Sent {
  readonly at: number;
  readonly messages: number;
}

const secondMs = 1_000;

/** No connection is sent more messages of a channel in any second than that allows, and what a tenth of a second brings at once (SUB-18). */
export class RateCheck implements FrameListener {
  readonly #options: RateCheckOptions;
  readonly #sent = new WeakMap<SimulatedConnection, Map<string, readonly Sent[]>>();

  constructor(options: RateCheckOptions) {
    this.#options = options;
  }

  onBatchSent(connection: SimulatedConnection, frame: BatchFrame, grant: WireGrant | undefined): void {
    const rate = grant === undefined ? 0 : this.#options.rateOf(grant.channel);
    if (grant === undefined || rate === 0) return;
    // By the node's own clock, since a process that stood still measures no time.
    const at = connection.node.ports.clock.monotonic();
    const channels = this.#sent.get(connection) ?? new Map<string, readonly Sent[]>();
    this.#sent.set(connection, channels);
    const before = (channels.get(grant.channel) ?? []).filter((sent) => at - sent.at < secondMs);
    const recent = [...before, { at, messages: frame.messages.length }];
    channels.set(grant.channel, recent);
    const messages = recent.reduce((sum, sent) => sum + sent.messages, 0);
    const allowed = rate + Math.max(1, rate / 10);
    if (messages > allowed)
      this.#options.report(
        `connection ${connection.id} was sent ${messages} messages of ${grant.channel} in a second, which allows ${allowed}`,
      );
  }
}
