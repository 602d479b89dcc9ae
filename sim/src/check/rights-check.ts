import type { SimulatedConnection, Way } from "../network/simulated-connection.ts";
import type { WireListener } from "../network/wire-tap.ts";
import type { Report } from "./violation.ts";

/** What stands in every message of a channel that not everybody may read, followed by the channel's name and a quote. */
const restrictedMark = '"only":"';

export interface RightsCheckOptions {
  /** Whether the user at the client's end of a connection may be sent messages of this channel now. */
  readonly mayRead: (connection: SimulatedConnection, channel: string) => boolean;
  readonly report: Report;
}

/** Looks into every message that a node writes: not one byte of a channel goes to a user who may not read it. */
export class RightsCheck implements WireListener {
  readonly #options: RightsCheckOptions;

  constructor(options: RightsCheckOptions) {
    this.#options = options;
  }

  onSent(connection: SimulatedConnection, way: Way, message: Uint8Array): void {
    if (way !== "down") return;
    const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
    const { mayRead, report } = this.#options;
    for (let at = bytes.indexOf(restrictedMark); at !== -1; at = bytes.indexOf(restrictedMark, at + 1)) {
      const start = at + restrictedMark.length;
      const channel = bytes.toString("latin1", start, bytes.indexOf('"', start));
      if (!mayRead(connection, channel))
        report(`${connection.client.name} was sent a message of ${channel}, which it may not read`);
    }
  }
}
