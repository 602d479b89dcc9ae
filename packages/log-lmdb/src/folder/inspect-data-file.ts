import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { endianness } from "node:os";
import { flushedMetaOffset, metaPageBytes, readFlushedMeta, readMeta, readPage } from "./data-file-layout.ts";
import type { Meta, Tree } from "./data-file-layout.ts";

/** What an LMDB file looks like from outside. */
export type DataFileState =
  /** There is none, or it is empty: LMDB makes it. */
  { readonly kind: "absent" } | { readonly kind: "sound" } | { readonly kind: "damaged"; readonly reason: string };

/** Pages that are looked at, the top of the trees first, unless the file is shorter than it says. */
const maxPages = 4_096;
/** What a file may be shorter than it says: more than one transaction can have allocated and given back. */
const maxMissingBytes = 1024 ** 3;
/** `MDB_INTEGERKEY`: what the tree of free pages always has. */
const integerKey = 8;

class Damage extends Error {}

/**
 * Looks at an LMDB file before it is mapped: LMDB trusts its pages, and a page that points outside the file kills the process
 * (SIGBUS), which nobody can catch. Finds what is no LMDB file, was cut short, or has damage in its meta pages or at the top of
 * its trees. Damage of entries is found by their checksums when they are read.
 */
export function inspectDataFile(path: string): DataFileState {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { kind: "absent" };
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    if (size === 0) return { kind: "absent" };
    // The layout is known for the machines that there are; on another, LMDB has to judge by itself.
    if (endianness() === "LE") inspect(file, size);
    return { kind: "sound" };
  } catch (error) {
    if (error instanceof Damage) return { kind: "damaged", reason: error.message };
    throw error;
  } finally {
    closeSync(file);
  }
}

function inspect(file: number, size: number): void {
  const first = readMeta(readAt(file, 0, metaPageBytes, size));
  if (first === undefined) throw new Damage("its first page is not one of LMDB");
  const { pageBytes } = first;
  if (pageBytes < 512 || pageBytes > 65_536 || (pageBytes & (pageBytes - 1)) !== 0)
    throw new Damage("its page size is impossible");
  const second = readMeta(readAt(file, pageBytes, metaPageBytes, size));
  if (second === undefined) throw new Damage("its second page is not one of LMDB");
  const latest = first.transaction >= second.transaction ? first : second;
  const former = latest === first ? second : first;
  if (former.lastPage > latest.lastPage) throw new Damage("its size went back");
  for (const [meta, parity] of [
    [first, 0],
    [second, 1],
  ] as const) {
    if (meta.transaction !== 0 && meta.transaction % 2 !== parity) throw new Damage("its meta pages are mixed up");
  }
  checkTrees(file, size, latest, pageBytes);
  const flushedEnd = flushedMetaOffset(pageBytes) + metaPageBytes;
  const flushed = readFlushedMeta(readAt(file, 0, flushedEnd, size), pageBytes);
  // After the machine went down, LMDB goes back to it.
  if (flushed.transaction > 0) {
    if (flushed.transaction > latest.transaction) throw new Damage("its meta pages are mixed up");
    checkTrees(file, size, flushed, pageBytes);
  }
}

function checkTrees(file: number, size: number, meta: Meta, pageBytes: number): void {
  if (meta.pageBytes !== pageBytes) throw new Damage("its meta pages are mixed up");
  if ((meta.free.flags & 0xff) !== integerKey || (meta.main.flags & 0xff) !== 0)
    throw new Damage("its trees have impossible flags");
  // A file may end before the last page when that is a free one: then each page that is in use is looked at.
  const missing = (meta.lastPage + 1) * pageBytes - size;
  if (missing > maxMissingBytes) throw new Damage("it was cut short");
  const isShort = missing > 0;
  for (const tree of [meta.free, meta.main]) checkTree(file, size, meta, tree, isShort ? Infinity : maxPages);
}

function checkTree(file: number, size: number, meta: Meta, tree: Tree, limit: number): void {
  const { pageBytes, lastPage, transaction } = meta;
  if (tree.root === undefined) {
    if (tree.depth !== 0) throw new Damage("a tree has depth but no root");
    return;
  }
  const check = (number: number): void => {
    if (number < 2 || number > lastPage) throw new Damage("a page points outside the file");
    if ((number + 1) * pageBytes > size) throw new Damage("it was cut short");
  };
  if (tree.depth < 1 || tree.depth > 32) throw new Damage("a tree has an impossible depth");
  let level: number[] = [tree.root];
  let seen = 0;
  for (let depth = 1; depth <= tree.depth; depth += 1) {
    const below: number[] = [];
    const expected = depth === tree.depth ? "leaf" : "branch";
    for (const number of level) {
      check(number);
      if ((seen += 1) > limit) return;
      const page = readPage(readAt(file, number * pageBytes, pageBytes, size));
      if (page.number !== number || page.kind !== expected || page.transaction > transaction) {
        throw new Damage(`page ${number} is not what its tree says`);
      }
      if (page.children === undefined) throw new Damage(`page ${number} makes no sense`);
      if (expected === "branch") for (const child of page.children) below.push(child);
      else for (const child of page.children) check(child);
    }
    level = below;
  }
}

function readAt(file: number, at: number, count: number, size: number): Uint8Array {
  if (at + count > size) throw new Damage("it was cut short");
  const bytes = new Uint8Array(count);
  if (readSync(file, bytes, 0, count, at) < count) throw new Damage("it was cut short");
  return bytes;
}
