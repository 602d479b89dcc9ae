import type { Timer } from "@hawser/protocol";
import type { Member } from "./member.ts";
import type { FailoverPolicy, Policy, PolicyView } from "./policy.ts";

/** Uses the first member that opens, in order; another one when it is lost; and goes back when an earlier one stands. */
export class Failover implements Policy {
  readonly #warm: boolean;
  readonly #switchBackAfterMs: number | "never";
  readonly #view: PolicyView;
  /** In use, or tried. */
  #active: Member | undefined;
  /** The last that was in use and open. */
  #used: Member | undefined;
  /** Closed for good by what they were told: not tried again by themselves. */
  readonly #ended = new Set<Member>();
  #switchBack: Timer | undefined;
  #started = false;

  constructor(options: FailoverPolicy, view: PolicyView) {
    this.#warm = options.standby === "warm";
    this.#switchBackAfterMs = options.switchBackAfterMs ?? 30_000;
    this.#view = view;
  }

  open(): void {
    this.#started = true;
    this.#ended.clear();
    if (this.#warm) for (const member of this.#view.members()) member.open();
    if (this.#active === undefined || this.#active.isIdle) this.#tryNext();
  }

  onAdd(member: Member): void {
    if (!this.#started) return;
    if (this.#warm) member.open();
    if (this.#active === undefined || this.#active.isIdle) this.#tryNext();
  }

  onRemove(member: Member): void {
    this.#ended.delete(member);
    if (member !== this.#active) return;
    this.#active = undefined;
    if (this.#started) this.#tryNext();
  }

  onOpen(member: Member): void {
    if (this.#active === undefined || !this.#active.isOpen || this.#active === member) this.#use(member);
    else this.#armSwitchBack();
  }

  onLost(member: Member): void {
    if (member.isIdle) this.#ended.add(member);
    if (member === this.#active) this.#tryNext();
    else this.#armSwitchBack();
  }

  accepts(member: Member): boolean {
    return member === this.#active;
  }

  targets(): readonly Member[] | undefined {
    return this.#active?.isOpen === true ? [this.#active] : undefined;
  }

  isActive(member: Member): boolean {
    return member === this.#active;
  }

  stop(): void {
    this.#started = false;
    this.#switchBack?.cancel();
  }

  /** An open one if there is; else one in reserve is opened; else those that are being tried go on by themselves. */
  #tryNext(): void {
    const members = this.#view.members();
    const open = members.find(({ isOpen }) => isOpen);
    if (open !== undefined) return this.#use(open);
    const at = this.#active === undefined ? -1 : members.indexOf(this.#active);
    const ring = [...members.slice(at + 1), ...members.slice(0, at + 1)];
    const reserve = ring.find((member) => member.isIdle && !this.#ended.has(member));
    const next = reserve ?? ring.find((member) => !member.isIdle);
    if (next === undefined) return;
    this.#active = next;
    next.open();
  }

  #use(member: Member): void {
    this.#active = member;
    const former = this.#used;
    this.#used = member;
    for (const other of this.#view.members()) {
      // An earlier one is wanted back, and goes on trying.
      const wanted = this.#switchBackAfterMs !== "never" && this.#isBefore(other, member);
      if (other !== member && !this.#warm && !wanted) other.park();
    }
    this.#armSwitchBack();
    if (former !== member) this.#view.onSwitch(former?.id, member.id);
  }

  /** Goes back to the earlier member that will have stood long enough first. */
  #armSwitchBack(): void {
    this.#switchBack?.cancel();
    const active = this.#active;
    const afterMs = this.#switchBackAfterMs;
    if (active === undefined || afterMs === "never") return;
    const [better] = this.#view
      .members()
      .filter((member) => member.isOpen && this.#isBefore(member, active))
      .sort((one, other) => one.openedAt - other.openedAt);
    if (better === undefined) return;
    const { clock, timers } = this.#view.ports;
    const leftMs = Math.max(0, better.openedAt + afterMs - clock.monotonic());
    this.#switchBack = timers.after(leftMs, () => {
      if (better.isOpen) this.#use(better);
    });
  }

  #isBefore(one: Member, other: Member): boolean {
    const members = this.#view.members();
    return members.indexOf(one) < members.indexOf(other);
  }
}
