import { Durations } from "./durations.ts";
import type { DurationFigures } from "./durations.ts";

/** What passed over the sockets of a target, and how long what was asked of it took. */
export interface MeasureFigures {
  /** From clients to the target. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Whole messages, in the same directions. */
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly durations: {
    /** Until a connection stands: TCP, and TLS where it is spoken. */
    readonly connect: DurationFigures;
    /** From there to a handshake that went well. */
    readonly handshake: DurationFigures;
    /** From there to the target's first message. */
    readonly firstMessage: DurationFigures;
  };
}

/** Counts and measures for one target, since it is there. */
export class Measures {
  readonly connect = new Durations();
  readonly handshake = new Durations();
  readonly firstMessage = new Durations();
  #bytesIn = 0;
  #bytesOut = 0;
  #messagesIn = 0;
  #messagesOut = 0;

  countIn(bytes: number, messages: number): void {
    this.#bytesIn += bytes;
    this.#messagesIn += messages;
  }

  countOut(bytes: number, messages: number): void {
    this.#bytesOut += bytes;
    this.#messagesOut += messages;
  }

  get figures(): MeasureFigures {
    return {
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      messagesIn: this.#messagesIn,
      messagesOut: this.#messagesOut,
      durations: {
        connect: this.connect.figures,
        handshake: this.handshake.figures,
        firstMessage: this.firstMessage.figures,
      },
    };
  }
}
