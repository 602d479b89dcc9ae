import type { AuthorizeRequest } from "@hawser/server/core";
import type { SimulatedConnection } from "../network/simulated-connection.ts";
import type { Process } from "../time/process.ts";
import type { ChannelPlan } from "./options.ts";

/** Who may do what, as the simulated application has it; changed while the world runs. */
export class Rights {
  readonly #plans: ReadonlyMap<string, ChannelPlan>;
  /** By `user channel`: what was revoked, and the nodes that have not heard of it yet. */
  readonly #revoked = new Map<string, Set<Process>>();

  constructor(plans: readonly ChannelPlan[]) {
    this.#plans = new Map(plans.map((plan) => [plan.name, plan]));
  }

  /** The hook that nodes ask. */
  authorize(request: AuthorizeRequest): boolean {
    const { verb, name, identity } = request;
    if (verb === "call") return true;
    if (verb === "open") return this.mayOpen(identity.user, name);
    const plan = this.#plans.get(name);
    if (plan === undefined) return false;
    if (verb === "history" && !plan.history) return false;
    return this.may(identity.user, name);
  }

  may(user: string, channel: string): boolean {
    const plan = this.#plans.get(channel);
    if (plan === undefined || this.#revoked.has(keyOf(user, channel))) return false;
    return plan.members?.includes(user) ?? true;
  }

  mayOpen(user: string, upstream: string): boolean {
    return !this.#revoked.has(keyOf(user, openOf(upstream)));
  }

  /** Whether a node may send what an upstream says to the user now. */
  mayBeSentOf(user: string, upstream: string, node: Process): boolean {
    return this.#revoked.get(keyOf(user, openOf(upstream)))?.has(node) ?? true;
  }

  /** From now on the hook says no; the nodes that run have yet to be told. */
  revoke(user: string, channel: string, unaware: readonly Process[]): void {
    this.#revoked.set(keyOf(user, channel), new Set(unaware));
  }

  /** A node has been told, and has ended what was not allowed any more. */
  told(user: string, channel: string, node: Process): void {
    this.#revoked.get(keyOf(user, channel))?.delete(node);
  }

  restore(user: string, channel: string): void {
    this.#revoked.delete(keyOf(user, channel));
  }

  restoreAll(): void {
    this.#revoked.clear();
  }

  /** Whether a node may send a channel's messages to the user now; `channel` is the log's name. */
  mayBeSent(user: string, channel: string, connection: SimulatedConnection): boolean {
    if (channel.startsWith("$user.")) return channel === `$user.${user}`;
    if (this.may(user, channel)) return true;
    return this.#revoked.get(keyOf(user, channel))?.has(connection.node) ?? false;
  }
}

/** What the right to open sockets to an upstream is called here, beside those to channels. */
export function openOf(upstream: string): string {
  return `open ${upstream}`;
}

function keyOf(user: string, channel: string): string {
  return `${user} ${channel}`;
}
