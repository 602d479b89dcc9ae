import type { AppendOutcome } from "@hawser/log";
import type { HawserError, ServerFrame } from "@hawser/protocol";
import type { Reader } from "../delivery/subscription.ts";
import type { Rates } from "./rates.ts";
import type { RequestTable } from "./request-table.ts";
import type { Rights } from "./rights.ts";

/** What became of a publish that the log has. `epoch` is 0 where the position is not known any more. */
export type Published = Extract<AppendOutcome, { kind: "accepted" | "duplicate" }>;

/** A connected client, as those see it who handle its frames. */
export interface ClientContext {
  readonly session: string;
  readonly rights: Rights;
  readonly requests: RequestTable;
  readonly rates: Rates;
  /** What its subscriptions write to. */
  readonly reader: Reader;
  /** Nothing is answered any more. */
  readonly closed: boolean;
  /**
   * Answers a request, once; later answers are dropped.
   *
   * @param stands - Asked when the answer is written, which may be later: if it does not stand, nothing was answered.
   */
  answer(id: number, frame: ServerFrame, stands?: () => boolean): void;
  /** Answers a publish that the log has, together with others of this turn where one frame can say it (PUB-15). */
  published(id: number, outcome: Published): void;
  /** Answers a request with an error. */
  refuse(id: number, error: HawserError): void;
  /** Sends a frame that answers nothing. */
  tell(frame: ServerFrame): void;
  /** Ends the connection, for the reason of an error of the client's. */
  end(error: HawserError): void;
  /** An error of our own or of the application's code: for the log, never for the peer. */
  report(what: string, error: unknown): void;
}
