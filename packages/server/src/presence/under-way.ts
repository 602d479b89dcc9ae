import { MemberCount } from "./member-count.ts";
import { isAdmitted } from "./presence-book.ts";
import type { LastWord } from "./presence-book.ts";
import { memberKey } from "./presence-names.ts";
import type { ControlRecord, DepartureRecord } from "./presence-record.ts";

interface Word extends LastWord {
  readonly user: string;
  /** The channel has one member more when the log brings this. */
  readonly arrives: boolean;
}

/**
 * What this node said of the members of one channel and has not read from the log yet, of each the last word. It counts
 * ahead of the book: two connections of one client may enter the same member while the log is waited for, and what comes
 * later need not be the later generation. A word that could not be written stays, since it is said again, and since a
 * log that did not answer may have it.
 */
export class UnderWay {
  readonly #words = new Map<string, Word>();
  readonly #arriving = new MemberCount();

  /** Members that the channel will have and does not have yet. */
  get arriving(): number {
    return this.#arriving.total;
  }

  /** Of them those of one user. */
  arrivingOf(user: string): number {
    return this.#arriving.of(user);
  }

  /** Whether something was said of that member. */
  has(user: string, member: string): boolean {
    return this.#words.has(memberKey(user, member));
  }

  /** Whether that member is one of those that arrive. */
  arrives(user: string, member: string): boolean {
    return this.#words.get(memberKey(user, member))?.arrives === true;
  }

  /** Whether a lease of that generation would count behind what was said, as `PresenceBook.admits` tells of what was read. */
  admits(user: string, member: string, generation: number): boolean {
    return isAdmitted(this.#words.get(memberKey(user, member)), generation);
  }

  entered({ user, member, generation }: DepartureRecord, arrives: boolean): void {
    this.#set(memberKey(user, member), { user, generation, left: false, arrives });
  }

  left({ user, member, generation }: DepartureRecord): void {
    this.#set(memberKey(user, member), { user, generation, left: true, arrives: false });
  }

  /** The log brought this, from whichever node. */
  fold(record: ControlRecord): void {
    for (const { user, member, generation } of record.entered) {
      const key = memberKey(user, member);
      const word = this.#words.get(key);
      if (word !== undefined && isAdmitted(word, generation)) this.#delete(key, word);
    }
    for (const { user, member, generation } of record.left) {
      const key = memberKey(user, member);
      const word = this.#words.get(key);
      if (word !== undefined && word.generation <= generation) this.#delete(key, word);
    }
  }

  /** The log is another: what the former one was told is not waited for. */
  clear(): void {
    this.#words.clear();
    this.#arriving.clear();
  }

  #set(key: string, word: Word): void {
    const former = this.#words.get(key);
    if (former !== undefined) this.#delete(key, former);
    this.#words.set(key, word);
    if (word.arrives) this.#arriving.add(word.user);
  }

  #delete(key: string, word: Word): void {
    this.#words.delete(key);
    if (word.arrives) this.#arriving.delete(word.user);
  }
}
