/** How many members there are, in all and of each user. Holds something only for users that have one. */
export class MemberCount {
  readonly #byUser = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  of(user: string): number {
    return this.#byUser.get(user) ?? 0;
  }

  add(user: string): void {
    this.#total += 1;
    this.#byUser.set(user, this.of(user) + 1);
  }

  delete(user: string): void {
    this.#total -= 1;
    const left = this.of(user) - 1;
    if (left > 0) this.#byUser.set(user, left);
    else this.#byUser.delete(user);
  }

  clear(): void {
    this.#byUser.clear();
    this.#total = 0;
  }
}
