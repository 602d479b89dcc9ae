import { constants } from "node:os";

/**
 * What is wrong with the store. `full`: no room to write. `corrupt`: the file is not what LMDB wrote. `failed`: anything
 * else.
 */
export type StoreFault = "full" | "corrupt" | "failed";

/** LMDB, or the file system below it, refused. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly fault: StoreFault;

  constructor(fault: StoreFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

const { errno } = constants;
/**
 * MDB_MAP_FULL, and what the file system says when it, the user's quota, or the file's limit is exhausted. EIO is what LMDB
 * says when less was written than asked for, which is how a disk gets full.
 */
const full: ReadonlySet<unknown> = new Set([-30792, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO]);
/** MDB_PAGE_NOTFOUND, MDB_CORRUPTED, MDB_VERSION_MISMATCH, MDB_INVALID, MDB_BAD_VALSIZE. */
const corrupt: ReadonlySet<unknown> = new Set([-30797, -30796, -30794, -30793, -30781]);

/** Tells what an error of lmdb-js means. */
export function storeErrorOf(cause: unknown): StoreError {
  const { code, message } = cause as { code?: unknown; message?: unknown };
  return new StoreError(faultOf(code), String(message ?? cause), { cause });
}

function faultOf(code: unknown): StoreFault {
  if (full.has(code)) return "full";
  return corrupt.has(code) ? "corrupt" : "failed";
}
