import type { Logger, PartHost, Register } from "@hawser/server";
import { checkPool } from "./gateway-options.ts";
import type { GatewayPoolOptions } from "./gateway-options.ts";
import type { GatewayPools } from "./gateway-pools.ts";

type PoolTable = Readonly<Record<string, GatewayPoolOptions>>;

/** Of the register in which they are kept. */
const registerName = "pools";

/**
 * The pools of the configuration, and those that were put over the HTTP API of any node: these all nodes of the log know, also
 * after a restart. Where both name a pool, that of the configuration holds, for as long as it is there.
 */
export class SharedPools {
  readonly #pools: GatewayPools;
  readonly #logger: Logger;
  #configured: PoolTable = {};
  /** `undefined`: the gateway is no part of a server yet, and has no operations that could put one. */
  #register: Register | undefined;
  /** Those of the register, as this node took them. */
  readonly #taken = new Map<string, GatewayPoolOptions>();

  constructor(pools: GatewayPools, logger: Logger) {
    this.#pools = pools;
    this.#logger = logger;
  }

  /** Takes up what is in the server's log, and follows it from there. Rejects with `log-unavailable`. */
  async open(host: PartHost): Promise<void> {
    this.#register = await host.openRegister(registerName, (name, options) => this.#onChange(name, options));
  }

  /** From now on these are the pools of the configuration, whose options are right. */
  configure(pools: PoolTable): void {
    this.#configured = pools;
    this.#pools.replace({ ...Object.fromEntries(this.#taken), ...pools });
  }

  /** Whether the configuration names it. */
  isConfigured(name: string): boolean {
    return Object.hasOwn(this.#configured, name);
  }

  /** Whether it was put over the API. */
  has(name: string): boolean {
    return this.#register?.values.has(name) === true;
  }

  /**
   * Resolves when this node has it, and all others will.
   *
   * @throws HawserError `option-invalid`, `log-unavailable` (the outcome is open), `log-full`.
   */
  async put(name: string, options: GatewayPoolOptions): Promise<void> {
    checkPool(options, `pools.${name}`);
    await this.#opened().set(name, options);
  }

  /** The same, of its removal. */
  async remove(name: string): Promise<void> {
    await this.#opened().set(name, undefined);
  }

  #opened(): Register {
    if (this.#register === undefined) throw new Error("the gateway is no part of a server that listens");
    return this.#register;
  }

  #onChange(name: string, options: unknown): void {
    if (options === undefined) this.#taken.delete(name);
    else if (!this.#takes(name, options as GatewayPoolOptions)) return;
    if (this.isConfigured(name)) return;
    const taken = this.#taken.get(name);
    if (taken === undefined) this.#pools.remove(name);
    else this.#pools.put(name, taken);
    this.#logger.info({ pool: name }, taken === undefined ? "a pool was removed" : "a pool was put");
  }

  /** Another version of a node may know options that this one does not. */
  #takes(name: string, options: GatewayPoolOptions): boolean {
    try {
      checkPool(options, `pools.${name}`);
    } catch (error) {
      this.#logger.warn({ error, pool: name }, "a pool that was put cannot be had on this node");
      return false;
    }
    this.#taken.set(name, options);
    return true;
  }
}
