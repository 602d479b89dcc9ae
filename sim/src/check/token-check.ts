import type { BatchFrame, ClientFrame } from "@hawser/protocol";
import type { SimulatedConnection } from "../network/simulated-connection.ts";
import { userOf } from "../world/tokens.ts";
import type { Report } from "./violation.ts";
import type { FrameListener } from "./wire-follower.ts";

/** Nothing is delivered over a connection whose token has expired by the node's own clock (CON-7). */
export class TokenCheck implements FrameListener {
  readonly #report: Report;
  readonly #expiresAt = new WeakMap<SimulatedConnection, number>();

  constructor(report: Report) {
    this.#report = report;
  }

  onHeard(connection: SimulatedConnection, frame: ClientFrame): void {
    if (frame.type !== "connect" && frame.type !== "authenticate") return;
    const expiresAt = userOf(frame.token)?.expiresAt ?? Number.POSITIVE_INFINITY;
    // One that the node refuses takes nothing from the one before.
    this.#expiresAt.set(connection, Math.max(expiresAt, this.#expiresAt.get(connection) ?? 0));
  }

  onBatchSent(connection: SimulatedConnection, frame: BatchFrame): void {
    const now = connection.node.ports.clock.now();
    if (frame.messages.length > 0 && now >= (this.#expiresAt.get(connection) ?? 0))
      this.#report(
        `${connection.client.name} was sent a batch over connection ${connection.id}, whose token has expired`,
      );
  }
}
