/**
 * The parts of an LMDB file that tell whether it can be mapped safely: meta pages, page headers, and where pages point to. It is
 * format 2 of LMDB, as lmdb-js 3 writes it on machines with 64 bits and little endian; see `mdb.c`, from `MDB_page_header` to
 * `MDB_meta`. Page numbers are read as doubles, which is exact below 2^53; what is above is out of bounds anyway.
 */
const pageHeaderBytes = 24;
const metaBytes = 152;

/** Bytes that hold a meta page's header and content. */
export const metaPageBytes: number = pageHeaderBytes + metaBytes;

/** Where lmdb-js keeps the newest meta that is known to be flushed: in the middle of page 0. */
export const flushedMetaOffset = (pageBytes: number): number => pageBytes / 2;

const magic = 0xbeefc0de;
const dataVersion = 2;

/** One of the two trees: of free pages, or of the data. */
export interface Tree {
  readonly flags: number;
  readonly depth: number;
  /** `undefined`: the tree is empty. */
  readonly root: number | undefined;
}

export interface Meta {
  readonly pageBytes: number;
  readonly free: Tree;
  readonly main: Tree;
  readonly lastPage: number;
  readonly transaction: number;
}

export type PageKind = "branch" | "leaf" | "overflow" | "other";

export interface Page {
  readonly number: number;
  readonly transaction: number;
  readonly kind: PageKind;
  /** Pages that it points to: children of a branch, overflow pages of a leaf. `undefined`: its content makes no sense. */
  readonly children: readonly number[] | undefined;
}

/** @param at where the page begins; the flushed meta has a page header of nothing before it. */
export function readMeta(bytes: Uint8Array, at = 0): Meta | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at + pageHeaderBytes, metaBytes);
  if (view.getUint32(0, true) !== magic || (view.getUint32(4, true) & 0xffff) !== dataVersion) return undefined;
  return metaOf(view);
}

/** The flushed meta has neither magic nor version. */
export function readFlushedMeta(bytes: Uint8Array, pageBytes: number): Meta {
  return metaOf(
    new DataView(bytes.buffer, bytes.byteOffset + flushedMetaOffset(pageBytes) + pageHeaderBytes, metaBytes),
  );
}

export function readPage(bytes: Uint8Array): Page {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint16(18, true);
  const kind = (flags & 7) === 1 ? "branch" : (flags & 7) === 2 ? "leaf" : (flags & 7) === 4 ? "overflow" : "other";
  return {
    number: uint64(view, 0),
    transaction: uint64(view, 8),
    kind,
    children: kind === "branch" || kind === "leaf" ? childrenOf(view, kind) : [],
  };
}

function childrenOf(view: DataView, kind: "branch" | "leaf"): number[] | undefined {
  const lower = view.getUint16(20, true);
  const upper = view.getUint16(22, true);
  const room = view.byteLength - pageHeaderBytes;
  if (lower % 2 !== 0 || lower > upper || upper > room) return undefined;
  const children: number[] = [];
  for (let index = 0; index < lower / 2; index += 1) {
    const pointer = view.getUint16(pageHeaderBytes + index * 2, true);
    const node = pageHeaderBytes + pointer;
    if (pointer < upper || node + 8 > view.byteLength) return undefined;
    const low = view.getUint32(node, true);
    const flags = view.getUint16(node + 4, true);
    const keyBytes = view.getUint16(node + 6, true);
    if (node + 8 + keyBytes > view.byteLength) return undefined;
    if (kind === "branch") {
      children.push(flags * 2 ** 32 + low);
    } else if ((flags & 1) !== 0) {
      if (node + 8 + keyBytes + 8 > view.byteLength) return undefined;
      children.push(uint64(view, node + 8 + keyBytes));
    } else if (node + 8 + keyBytes + low > view.byteLength) {
      return undefined;
    }
  }
  return children;
}

function metaOf(view: DataView): Meta {
  return {
    pageBytes: view.getUint32(24, true),
    free: treeOf(view, 24),
    main: treeOf(view, 72),
    lastPage: uint64(view, 120),
    transaction: uint64(view, 128),
  };
}

function treeOf(view: DataView, at: number): Tree {
  const isEmpty = view.getUint32(at + 40, true) === 0xffffffff && view.getUint32(at + 44, true) === 0xffffffff;
  return {
    flags: view.getUint16(at + 4, true),
    depth: view.getUint16(at + 6, true),
    root: isEmpty ? undefined : uint64(view, at + 40),
  };
}

function uint64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
}
