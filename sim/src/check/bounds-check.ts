import { messageCost } from "@hawser/protocol";
import type { BatchFrame } from "@hawser/protocol";
import type { SimulatedConnection } from "../network/simulated-connection.ts";
import type { Report } from "./violation.ts";
import type { FrameListener, WireGrant } from "./wire-follower.ts";

export interface BoundsCheckOptions {
  /** What a node may have written to a connection and not seen confirmed. */
  readonly maxUnconfirmedBytes: number;
  readonly report: Report;
}

/** Memory is bounded at the node's end: nothing is sent past what may be unconfirmed, nor past the credit of its grant. */
export class BoundsCheck implements FrameListener {
  readonly #options: BoundsCheckOptions;

  constructor(options: BoundsCheckOptions) {
    this.#options = options;
  }

  onBatchSent(connection: SimulatedConnection, frame: BatchFrame, grant: WireGrant | undefined): void {
    const { maxUnconfirmedBytes, report } = this.#options;
    const { unconfirmedBytes } = connection;
    if (frame.messages.length > 0 && unconfirmedBytes >= maxUnconfirmedBytes)
      report(
        `${connection.node.name} sends a batch with ${unconfirmedBytes} bytes unconfirmed on connection ${connection.id}`,
      );
    if (grant === undefined) {
      report(`connection ${connection.id} was sent a batch of generation ${frame.generation}, which is not its grant`);
      return;
    }
    let { cost } = grant;
    for (const { payload } of frame.messages) {
      if (grant.credit !== 0 && cost >= grant.credit)
        report(
          `connection ${connection.id} was sent a message at a cost of ${cost}, past its credit of ${grant.credit}`,
        );
      cost += messageCost(payload);
    }
  }
}
