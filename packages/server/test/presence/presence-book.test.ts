import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PresenceBook } from "../../src/presence/presence-book.ts";
import type { ControlRecord } from "../../src/presence/presence-record.ts";

const lease = (user: string, generation: number, state = "null") => ({ user, member: "m", generation, state });
const entered = (instance: string, user: string, generation: number, state?: string): ControlRecord => ({
  instance,
  entered: [lease(user, generation, state)],
  left: [],
});
const left = (instance: string, user: string, generation: number): ControlRecord => ({
  instance,
  entered: [],
  left: [{ user, member: "m", generation }],
});

/** A book with the nodes that have ended, as a roster would tell it of them. */
function bookOf(maxDepartures?: number): { book: PresenceBook; end: (instance: string) => void } {
  const ended = new Set<string>();
  const hasEnded = (instance: string): boolean => ended.has(instance);
  const book = new PresenceBook(maxDepartures === undefined ? { hasEnded } : { hasEnded, maxDepartures });
  const end = (instance: string): void => {
    ended.add(instance);
    book.end(instance);
  };
  return { book, end };
}

const names = (book: PresenceBook): string[] =>
  [...book.members()].map(({ user, state }) => `${user} ${state}`).toSorted();

/** Where a watcher stands who was told all that a book says. */
function follow(book: PresenceBook, seen: Map<string, string>, cursor: number): number {
  for (const { user, state, present } of book.after(cursor)) {
    if (present) seen.set(user, state);
    else seen.delete(user);
  }
  return book.version;
}

describe("PresenceBook", () => {
  it("takes of a member the lease with the highest generation, whichever node wrote it", () => {
    const { book } = bookOf();
    book.fold(entered("one", "ann", 2, "2"));
    book.fold(entered("two", "ann", 3, "3"));
    book.fold(entered("one", "ann", 2, "late"));
    book.fold(left("one", "ann", 2));
    expect(names(book)).toEqual(["ann 3"]);
    book.fold(left("two", "ann", 3));
    book.fold(entered("one", "ann", 2, "later"));
    book.fold(entered("two", "ann", 3, "3"));
    expect(names(book)).toEqual([]);
  });

  it("does not change when a member moves, or is said again", () => {
    const { book } = bookOf();
    book.fold(entered("one", "ann", 1, "x"));
    const { version } = book;
    book.fold(entered("two", "ann", 2, "x"));
    book.fold(left("one", "ann", 1));
    book.fold(entered("two", "ann", 2, "x"));
    expect(book.version).toBe(version);
    book.fold(entered("two", "ann", 2, "y"));
    expect(book.version).toBe(version + 1);
  });

  it("loses with a node those whose lease that node keeps, and has them back by another life of it", () => {
    const { book, end } = bookOf();
    book.fold(entered("one", "ann", 1));
    book.fold(entered("one", "bob", 1));
    book.fold(entered("two", "bob", 2));
    end("one");
    expect(names(book)).toEqual(["bob null"]);
    book.fold(entered("one", "tom", 1));
    expect(names(book)).toEqual(["bob null"]);
    book.fold(entered("one, again", "ann", 1));
    expect(names(book)).toEqual(["ann null", "bob null"]);
  });

  it("forgets in a round of the log that starts over who is not said again", () => {
    const { book } = bookOf();
    for (const user of ["ann", "bob", "tom"]) book.fold(entered("one", user, 1));
    book.beginRound();
    book.fold(entered("one", "ann", 1));
    book.fold(entered("one", "eve", 1));
    expect(book.count).toBe(4);
    book.closeRound();
    expect(names(book)).toEqual(["ann null", "eve null"]);
  });

  it("remembers departures up to a bound, and says behind which version some are forgotten", () => {
    const { book } = bookOf(10);
    for (let index = 0; index < 20; index += 1) {
      book.fold(entered("one", `u${index}`, 1));
      book.fold(left("one", `u${index}`, 1));
    }
    expect(book.forgotten).toBe(0);
    expect([...book.after(0)]).toHaveLength(20);
    book.fold(entered("one", "more", 1));
    book.fold(left("one", "more", 1));
    expect(book.forgotten).toBeGreaterThan(0);
    expect([...book.after(0)]).toHaveLength(10);
    expect([...book.after(0)].every(({ version }) => version > book.forgotten)).toBe(true);
  });

  const users = ["ann", "bob", "tom"] as const;
  const instances = ["one", "two", "three"] as const;
  const arbitraryRecord = fc.record({
    instance: fc.constantFrom(...instances),
    user: fc.constantFrom(...users),
    generation: fc.integer({ min: 1, max: 6 }),
    state: fc.constantFrom("1", "2"),
    leaves: fc.boolean(),
  });
  const recordOf = ({
    instance,
    user,
    generation,
    state,
    leaves,
  }: typeof arbitraryRecord extends fc.Arbitrary<infer T> ? T : never) =>
    leaves ? left(instance, user, generation) : entered(instance, user, generation, state);

  it("has the same members from the same records, whenever it learns which nodes have ended [PRES-2]", () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryRecord, { maxLength: 40 }),
        fc.uniqueArray(fc.constantFrom(...instances)),
        fc.array(fc.nat(40), { minLength: 3, maxLength: 3 }),
        fc.array(fc.nat(40), { minLength: 3, maxLength: 3 }),
        (records, ended, early, late) => {
          const members = [early, late].map((moments) => {
            const { book, end } = bookOf();
            records.forEach((record, index) => {
              ended.forEach((instance, which) => {
                if (moments[which] === index) end(instance);
              });
              book.fold(recordOf(record));
            });
            for (const instance of ended) end(instance);
            return names(book);
          });
          expect(members[0]).toEqual(members[1]);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("has the same members for who reads all of it twice, or its newest part behind a checkpoint", () => {
    fc.assert(
      fc.property(fc.array(arbitraryRecord, { maxLength: 40 }), fc.nat(40), (records, from) => {
        const whole = bookOf().book;
        const twice = bookOf().book;
        const part = bookOf().book;
        records.forEach((record, index) => {
          whole.fold(recordOf(record));
          twice.fold(recordOf(record));
          if (index === from) {
            // What each node keeps, said again.
            for (const { user, generation, instance, state } of leasesOf(whole)) {
              part.fold(entered(instance, user, generation, state));
            }
          } else if (index > from) part.fold(recordOf(record));
        });
        const before = names(twice);
        for (const record of records) twice.fold(recordOf(record));
        expect(names(twice)).toEqual(before);
        // Who had left before the checkpoint may be taken for new by what comes late; nobody else differs.
        const late = new Set(records.slice(from + 1).flatMap(({ user, leaves }) => (leaves ? [] : [user])));
        const sure = (book: PresenceBook): string[] =>
          names(book).filter((name) => !late.has(name.split(" ")[0] as never));
        if (from < records.length) expect(sure(part)).toEqual(sure(whole));
      }),
      { numRuns: 1_000 },
    );
  });

  it("tells a watcher at any pace what makes its members those of the book [PRES-10]", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(arbitraryRecord, fc.boolean()), { maxLength: 60 }), (steps) => {
        const { book } = bookOf();
        const seen = new Map<string, string>();
        let cursor = 0;
        for (const [record, looks] of steps) {
          book.fold(recordOf(record));
          if (looks) cursor = follow(book, seen, cursor);
        }
        follow(book, seen, cursor);
        expect([...seen].map(([user, state]) => `${user} ${state}`).toSorted()).toEqual(names(book));
        expect(book.count).toBe(seen.size);
      }),
      { numRuns: 1_000 },
    );
  });

  it("never shows a member gone that enters on another node before its old lease ends, in any order of the ends", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("leave", "end"), { minLength: 1, maxLength: 6 }),
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        (ends, delays) => {
          const { book, end } = bookOf();
          const pending: (() => void)[] = [];
          book.fold(entered("node 0", "ann", 1));
          ends.forEach((how, index) => {
            // It enters elsewhere; what is left behind comes at some later moment.
            book.fold(entered(`node ${index + 1}`, "ann", index + 2));
            pending.push(
              how === "end" ? () => end(`node ${index}`) : () => book.fold(left(`node ${index}`, "ann", index + 1)),
            );
            if (delays[index]) pending.splice(0).forEach((happen) => happen());
            expect(names(book)).toEqual(["ann null"]);
          });
          pending.forEach((happen) => happen());
          expect(names(book)).toEqual(["ann null"]);
          expect([...book.after(0)].map(({ present }) => present)).toEqual([true]);
          expect(book.version).toBe(1);
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** The leases that count, as their nodes would say them again. */
function leasesOf(book: PresenceBook): { user: string; generation: number; instance: string; state: string }[] {
  return [...book.members()] as unknown as { user: string; generation: number; instance: string; state: string }[];
}
