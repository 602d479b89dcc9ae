import type { Process } from "../time/process.ts";
import { SocketRecord } from "./socket-record.ts";
import type { SocketRecordOptions } from "./socket-record.ts";
import type { SocketUse } from "./socket-use.ts";

/** All virtual sockets of a world: as clients use them, and as homes have opened them. */
export class SocketLedger {
  readonly uses: SocketUse[] = [];
  /** Clients are being closed. */
  leaving = false;
  readonly #records = new Map<number, SocketRecord>();

  get records(): Iterable<SocketRecord> {
    return this.#records.values();
  }

  /** Messages that were heard, either way. */
  get heard(): number {
    let heard = 0;
    for (const { up, down } of this.#records.values()) heard += up.heard + down.heard;
    return heard;
  }

  /** What something is still to come of. */
  get unsettled(): readonly { describe(): string }[] {
    return [
      ...this.uses.filter((use) => !use.settled),
      ...[...this.#records.values()].filter((record) => !record.settled),
    ];
  }

  /** A home opens a socket to an upstream. */
  begin(options: Omit<SocketRecordOptions, "id">): SocketRecord {
    const record = new SocketRecord({ ...options, id: this.#records.size + 1 });
    this.#records.set(record.id, record);
    return record;
  }

  record(id: number): SocketRecord | undefined {
    return this.#records.get(id);
  }

  /** The use that opened with this path. */
  byPath(path: string): SocketUse | undefined {
    return this.uses[Number(path.slice(1)) - 1];
  }

  /** A right to open is taken away; sockets that were opened by it may end for that. */
  forbid(user: string, upstream: string): void {
    for (const record of this.#records.values())
      if (record.user === user && record.upstream === upstream) record.forbidden = true;
  }

  /** A node begins to drain, or closes. */
  homeLeaves(home: Process): void {
    for (const record of this.#records.values()) if (record.home === home) record.homeLeft = true;
  }
}
