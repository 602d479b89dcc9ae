import { rmSync } from "node:fs";
import { HawserError } from "@hawser/protocol";
import { open } from "lmdb";
import type { RootDatabase, Transaction } from "lmdb";
import { inspectDataFile } from "./inspect-data-file.ts";

type LockStore = RootDatabase<Uint8Array, Uint8Array> & {
  /** Of lmdb-js, but not in its types: a lock between the threads of a process, freed when the store is closed. */
  tryLock(key: Uint8Array): boolean;
};

const ownerKey = Uint8Array.of(1);

/**
 * Holds a folder for one process and one log in it. Node cannot lock files, but LMDB does: it knows of each process that reads
 * a store whether it lives, by a lock that the kernel holds and takes back when the process ends, however it ends. So a small
 * store of its own names the owner, who reads in it all the time; an owner who is not among its living readers is gone.
 */
export class FolderLock {
  readonly #store: LockStore;
  readonly #reading: Transaction;

  /**
   * @param file the lock's store, made when it does not exist.
   * @throws HawserError `log-locked`: another process, or another log of this one, holds it.
   */
  static async acquire(file: string): Promise<FolderLock> {
    // It holds nothing but who owned it last: a damaged one is made anew.
    if (inspectDataFile(file).kind === "damaged") rmSync(file);
    const store = open<Uint8Array, Uint8Array>({
      path: file,
      noSubdir: true,
      encoding: "binary",
      keyEncoding: "binary",
      overlappingSync: false,
    }) as LockStore;
    let reading: Transaction | undefined;
    try {
      if (!store.tryLock(ownerKey)) throw locked(file);
      reading = beginReading(store, file);
      store.transactionSync(() => {
        const owner = store.get(ownerKey);
        store.readerCheck();
        if (owner !== undefined && isOther(ownerOf(owner), readersOf(store.readerList()))) throw locked(file);
        store.putSync(ownerKey, recordOf(process.pid));
      });
      return new FolderLock(store, reading);
    } catch (error) {
      reading?.done();
      await store.close();
      throw error;
    }
  }

  private constructor(store: LockStore, reading: Transaction) {
    this.#store = store;
    this.#reading = reading;
  }

  async release(): Promise<void> {
    this.#store.removeSync(ownerKey);
    this.#reading.done();
    await this.#store.close();
  }
}

function beginReading(store: LockStore, file: string): Transaction {
  try {
    return store.useReadTransaction();
  } catch (error) {
    // Of a process with the same number in another container, which the kernel tells apart.
    if (/temporarily unavailable|denied/i.test(String(error))) throw locked(file);
    throw error;
  }
}

/** An owner with this process's own number is one that is gone, and whose number came round. */
function isOther(owner: number, readers: ReadonlySet<number>): boolean {
  return owner !== process.pid && readers.has(owner);
}

/** Process numbers: the first column of LMDB's table of readers. */
function readersOf(table: string): Set<number> {
  return new Set([...table.matchAll(/^\s*(\d+)\s/gm)].map(([, pid]) => Number(pid)));
}

function recordOf(pid: number): Uint8Array {
  const record = new Uint8Array(8);
  new DataView(record.buffer).setFloat64(0, pid);
  return record;
}

function ownerOf(record: Uint8Array): number {
  return new DataView(record.buffer, record.byteOffset, record.byteLength).getFloat64(0);
}

function locked(file: string): HawserError {
  return new HawserError(
    "log-locked",
    `another process has the log open (${file}); end it, or give this one another path`,
    {
      retry: true,
    },
  );
}
