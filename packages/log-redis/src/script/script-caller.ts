import { nextEpoch } from "@hawser/protocol";
import type { LogOpenOptions } from "@hawser/log";
import type { Arguments, Connection } from "../connection/connection.ts";
import { scriptDigest } from "./script.ts";

/** The operations of the script. */
export type Operation = "append" | "heads" | "read" | "sweep" | "bound-read" | "bound-append";

/** What every call of the script answers. */
export interface ScriptAnswer {
  readonly epoch: number;
  /** Every epoch that the log knows of itself, oldest first. */
  readonly epochs: readonly number[];
  /** Where the feed stands. */
  readonly fed: number;
  readonly results: readonly unknown[];
}

interface ScriptCallerOptions {
  readonly prefix: string;
  readonly feedBytes: number;
  readonly ports: Pick<LogOpenOptions, "clock" | "random">;
  /** The log has a higher epoch than any call saw before. */
  readonly onEpoch: (epoch: number) => void;
}

/** Calls the script. What it asks of the log's epoch goes with every call, so that none is answered by a log that went back. */
export class ScriptCaller {
  readonly #options: ScriptCallerOptions;
  readonly #key: string;
  #highest = 0;
  #least = 0;

  constructor(options: ScriptCallerOptions) {
    this.#options = options;
    this.#key = keyPrefixOf(options.prefix);
  }

  /** The highest epoch that was seen. */
  get epoch(): number {
    return this.#highest;
  }

  /** The log has lost what it had in `epoch`: with the next call it begins another one, unless it did already. */
  outgrow(epoch: number): void {
    this.#least = Math.max(this.#least, epoch + 1);
  }

  /** An epoch that was seen elsewhere: in the feed. */
  saw(epoch: number): void {
    if (epoch <= this.#highest) return;
    this.#highest = epoch;
    this.#least = Math.max(this.#least, epoch);
    this.#options.onEpoch(epoch);
  }

  /** Rejects with what the server says, or when the connection breaks. */
  async call(connection: Connection, operation: Operation, more: Arguments): Promise<ScriptAnswer> {
    const { feedBytes, ports } = this.#options;
    const above = this.#least;
    const candidate = nextEpoch(ports.clock.now(), ports.random, Math.max(above, this.#highest));
    const head = ["EVALSHA", scriptDigest, "1", this.#key, operation, `${candidate}`, `${above}`, `${feedBytes}`];
    const reply = (await connection.send(head.concat(more as string[]))) as [Buffer, Buffer, Buffer, unknown[]];
    const epoch = Number(reply[0]);
    this.saw(epoch);
    return { epoch, epochs: String(reply[1]).split(" ").map(Number), fed: Number(reply[2]), results: reply[3] };
  }
}

/** What all keys of a log begin with: in one hash slot of a cluster. */
export function keyPrefixOf(prefix: string): string {
  return `{${prefix}}`;
}
