import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { StoredPosition } from "@hawser/client";
import type { Order } from "./order.ts";

/** What was stored last: how far the channel was worked off, and how long the file of invoices was then. */
interface Checkpoint {
  readonly position: StoredPosition;
  readonly invoices: number;
  readonly bytes: number;
}

/**
 * The worker's effect on the world, a file of invoices, together with the position in the channel up to which it is
 * complete.
 *
 * The position is stored after the work. So a process that dies between the two has written invoices that its
 * checkpoint does not know. Opening the ledger cuts them off, and the channel, read from the checkpoint's position,
 * brings their orders again: each has its effect once. A database does the same more simply: store the position in the
 * transaction that does the work.
 */
export class Ledger {
  /** Bytes of invoices behind the checkpoint that a killed process has left; they were cut off. */
  readonly cutBytes: number;
  readonly #checkpointFile: string;
  readonly #file: number;
  #position: StoredPosition | undefined;
  #invoices: number;
  #bytes: number;

  /** Opens the ledger in a folder, which is made if it is not there. */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    const invoicesFile = join(folder, "invoices.jsonl");
    this.#checkpointFile = join(folder, "checkpoint.json");
    const stored = readCheckpoint(this.#checkpointFile);
    this.#position = stored?.position;
    this.#invoices = stored?.invoices ?? 0;
    this.#bytes = stored?.bytes ?? 0;
    this.cutBytes = existsSync(invoicesFile) ? readFileSync(invoicesFile).length - this.#bytes : 0;
    this.#file = openSync(invoicesFile, "a");
    ftruncateSync(this.#file, this.#bytes);
  }

  /** Up to where the channel was worked off; `undefined` at the very beginning. */
  get position(): StoredPosition | undefined {
    return this.#position;
  }

  get invoices(): number {
    return this.#invoices;
  }

  /** Does the work of one order. It is not safe until the next `checkpoint`. */
  write(order: Order): void {
    this.#invoices += 1;
    const line = Buffer.from(`${JSON.stringify({ invoice: this.#invoices, ...order })}\n`);
    writeSync(this.#file, line);
    this.#bytes += line.length;
  }

  /** Says that everything up to `position` is done. The file takes the place of the old one in one step, or not at all. */
  checkpoint(position: StoredPosition): void {
    this.#position = position;
    const checkpoint: Checkpoint = { position, invoices: this.#invoices, bytes: this.#bytes };
    // Against a loss of power, both files would have to be flushed (fsync), the invoices first.
    writeFileSync(`${this.#checkpointFile}.new`, JSON.stringify(checkpoint));
    renameSync(`${this.#checkpointFile}.new`, this.#checkpointFile);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function readCheckpoint(file: string): Checkpoint | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Checkpoint) : undefined;
}
